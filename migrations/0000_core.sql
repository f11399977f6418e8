-- WITHOUT ROWID was added by hand to the tables whose primary key is their order of reading.
CREATE TABLE `agents` (
	`id` integer PRIMARY KEY NOT NULL,
	`workspace_id` integer NOT NULL,
	`agent_id` text NOT NULL,
	`agent_key` text NOT NULL,
	`agent_type` text NOT NULL,
	`key_id` text NOT NULL,
	`first_seen_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`client` text,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`key_id`) REFERENCES `keys`(`key_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `agents_by_key` ON `agents` (`workspace_id`,`agent_key`);--> statement-breakpoint
CREATE TABLE `audiences` (
	`id` integer PRIMARY KEY NOT NULL,
	`workspace_id` integer NOT NULL,
	`name` text NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audiences_by_workspace` ON `audiences` (`workspace_id`,`name`);--> statement-breakpoint
CREATE INDEX `audiences_by_name` ON `audiences` (`name`);--> statement-breakpoint
CREATE TABLE `hub` (
	`id` integer PRIMARY KEY NOT NULL,
	`last_seq` integer NOT NULL,
	`epoch` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `idempotency` (
	`agent_id` integer NOT NULL,
	`key` text NOT NULL,
	`tool` text NOT NULL,
	`args_hash` text NOT NULL,
	`result` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`agent_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idempotency_by_age` ON `idempotency` (`created_at`);--> statement-breakpoint
CREATE TABLE `imported_messages` (
	`session_id` integer NOT NULL,
	`external_id` text NOT NULL,
	`message_id` integer NOT NULL,
	PRIMARY KEY(`session_id`, `external_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `keys` (
	`key_id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`workspace` text NOT NULL,
	`permissions` text NOT NULL,
	`hash` text NOT NULL,
	`agent_id` text,
	`agent_types` text,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_name_unique` ON `keys` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `keys_hash_unique` ON `keys` (`hash`);--> statement-breakpoint
CREATE TABLE `memory_entries` (
	`id` integer PRIMARY KEY NOT NULL,
	`workspace_id` integer NOT NULL,
	`owner_id` integer NOT NULL,
	`session_id` integer NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`value_size` integer NOT NULL,
	`version` integer NOT NULL,
	`metadata` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`updated_by` text NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `memory_by_place` ON `memory_entries` (`workspace_id`,`owner_id`,`session_id`,`key`);--> statement-breakpoint
CREATE INDEX `memory_by_expiry` ON `memory_entries` (`expires_at`);--> statement-breakpoint
CREATE TABLE `message_audiences` (
	`audience_id` integer NOT NULL,
	`session_id` integer NOT NULL,
	`message_id` integer NOT NULL,
	`sender_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	`visibility` integer NOT NULL,
	`message_type` integer NOT NULL,
	PRIMARY KEY(`audience_id`, `session_id`, `message_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `message_audiences_by_time` ON `message_audiences` (`audience_id`,`created_at`,`message_id`);--> statement-breakpoint
CREATE TABLE `messages` (
	`id` integer PRIMARY KEY NOT NULL,
	`session_id` integer NOT NULL,
	`sender_id` integer NOT NULL,
	`visibility` integer NOT NULL,
	`message_type` integer NOT NULL,
	`pinned` integer NOT NULL,
	`parent_id` integer,
	`thread_id` integer,
	`created_at` integer NOT NULL,
	`recipients` text,
	`metadata` text,
	`content` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `messages_by_thread` ON `messages` (`thread_id`);--> statement-breakpoint
CREATE TABLE `participants` (
	`session_id` integer NOT NULL,
	`audience_id` integer NOT NULL,
	`sender_id` integer NOT NULL,
	`message_count` integer NOT NULL,
	`last_id` integer NOT NULL,
	PRIMARY KEY(`session_id`, `audience_id`, `sender_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `participants_by_sender` ON `participants` (`sender_id`,`audience_id`);--> statement-breakpoint
CREATE TABLE `senders` (
	`id` integer PRIMARY KEY NOT NULL,
	`workspace_id` integer NOT NULL,
	`name` text NOT NULL,
	`type` text NOT NULL,
	`imported` integer NOT NULL,
	`norm` text NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `senders_by_name` ON `senders` (`workspace_id`,`name`,`type`,`imported`);--> statement-breakpoint
CREATE INDEX `senders_by_norm` ON `senders` (`norm`,`workspace_id`);--> statement-breakpoint
CREATE TABLE `session_audiences` (
	`audience_id` integer NOT NULL,
	`session_id` integer NOT NULL,
	`message_count` integer NOT NULL,
	`last_seq` integer NOT NULL,
	PRIMARY KEY(`audience_id`, `session_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `session_audiences_by_seq` ON `session_audiences` (`audience_id`,`last_seq`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` integer PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`workspace_id` integer NOT NULL,
	`purpose` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`is_active` integer NOT NULL,
	`metadata` text NOT NULL,
	`seq` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_session_id_unique` ON `sessions` (`session_id`);--> statement-breakpoint
CREATE INDEX `sessions_by_creator` ON `sessions` (`workspace_id`,`created_by`);--> statement-breakpoint
CREATE TABLE `workspaces` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `workspaces_name_unique` ON `workspaces` (`name`);