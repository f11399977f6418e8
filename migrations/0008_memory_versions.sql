CREATE TABLE `memory_versions` (
	`id` integer PRIMARY KEY NOT NULL,
	`entry_id` integer NOT NULL,
	`version` integer NOT NULL,
	`value_size` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`updated_by` text NOT NULL,
	`expires_at` integer,
	`replaced_at` integer NOT NULL,
	`value` text NOT NULL,
	FOREIGN KEY (`entry_id`) REFERENCES `memory_entries`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `memory_versions_by_entry` ON `memory_versions` (`entry_id`,`version`);--> statement-breakpoint
CREATE INDEX `memory_versions_by_age` ON `memory_versions` (`replaced_at`);--> statement-breakpoint
CREATE INDEX `memory_versions_by_expiry` ON `memory_versions` (`expires_at`) WHERE "memory_versions"."expires_at" is not null;