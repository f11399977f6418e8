CREATE TABLE `ended_leases` (
	`lease_id` text PRIMARY KEY NOT NULL,
	`workspace_id` integer NOT NULL,
	`holder_id` integer NOT NULL,
	`fencing_token` integer NOT NULL,
	`reason` integer NOT NULL,
	`ended_by` text,
	`ended_at` integer NOT NULL
)WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `ended_leases_by_age` ON `ended_leases` (`ended_at`);