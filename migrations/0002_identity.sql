CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`workspace` text,
	`actor` text,
	`key_id` text,
	`event_type` text NOT NULL,
	`action` text NOT NULL,
	`resource` text,
	`session_id` text,
	`result` text NOT NULL,
	`request_id` text NOT NULL,
	`details` text
);
--> statement-breakpoint
CREATE INDEX `audit_log_by_time` ON `audit_log` (`at`);--> statement-breakpoint
CREATE INDEX `audit_log_by_workspace` ON `audit_log` (`workspace`,`at`);--> statement-breakpoint
CREATE INDEX `audit_log_by_actor` ON `audit_log` ("actor" COLLATE NOCASE,`at`);--> statement-breakpoint
CREATE INDEX `audit_log_by_type` ON `audit_log` (`event_type`,`at`);--> statement-breakpoint
CREATE INDEX `audit_log_by_session` ON `audit_log` (`session_id`,`at`);--> statement-breakpoint
CREATE TABLE `handles` (
	`hash` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`workspace` text NOT NULL,
	`agent_id` text NOT NULL,
	`agent_type` text NOT NULL,
	`permissions` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`replaced_at` integer,
	`revoked_at` integer,
	FOREIGN KEY (`key_id`) REFERENCES `keys`(`key_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `handles_by_key` ON `handles` (`key_id`);--> statement-breakpoint
CREATE INDEX `handles_by_expiry` ON `handles` (`expires_at`);--> statement-breakpoint
CREATE TABLE `refresh_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`family_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	FOREIGN KEY (`family_id`) REFERENCES `token_families`(`family_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `refresh_tokens_by_family` ON `refresh_tokens` (`family_id`);--> statement-breakpoint
CREATE INDEX `refresh_tokens_by_expiry` ON `refresh_tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `revoked_tokens` (
	`jti` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `revoked_tokens_by_expiry` ON `revoked_tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `token_families` (
	`family_id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`workspace` text NOT NULL,
	`agent_id` text NOT NULL,
	`agent_type` text NOT NULL,
	`permissions` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`key_id`) REFERENCES `keys`(`key_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `token_families_by_key` ON `token_families` (`key_id`);--> statement-breakpoint
CREATE INDEX `token_families_by_expiry` ON `token_families` (`expires_at`);--> statement-breakpoint
ALTER TABLE `agents` ADD `released_at` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `agent_ids` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `old_hash` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `old_until` integer;--> statement-breakpoint
CREATE UNIQUE INDEX `keys_old_hash_unique` ON `keys` (`old_hash`);