-- WITHOUT ROWID was added by hand to the tables whose primary key is their order of reading.
CREATE TABLE `events` (
	`audience_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`kind` integer NOT NULL,
	`session_id` integer NOT NULL,
	`message_id` integer NOT NULL,
	`data` text,
	PRIMARY KEY(`audience_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `events_by_session` ON `events` (`audience_id`,`session_id`,`seq`);--> statement-breakpoint
CREATE TABLE `leases` (
	`lease_id` text PRIMARY KEY NOT NULL,
	`workspace_id` integer NOT NULL,
	`holder_id` integer NOT NULL,
	`mode` integer NOT NULL,
	`resources` text NOT NULL,
	`reason` text,
	`session_id` text,
	`fencing_token` integer NOT NULL,
	`granted_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`holder_id`) REFERENCES `agents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `leases_by_workspace` ON `leases` (`workspace_id`);--> statement-breakpoint
CREATE INDEX `leases_by_holder` ON `leases` (`holder_id`);--> statement-breakpoint
CREATE TABLE `message_addressees` (
	`audience_id` integer NOT NULL,
	`message_id` integer NOT NULL,
	`session_id` integer NOT NULL,
	`sender_id` integer NOT NULL,
	PRIMARY KEY(`audience_id`, `message_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `receipts` (
	`message_id` integer NOT NULL,
	`agent_id` integer NOT NULL,
	`by` integer NOT NULL,
	`delivered_at` integer NOT NULL,
	`acknowledged_at` integer,
	PRIMARY KEY(`message_id`, `agent_id`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `agents` ADD `type_read_to` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `message_audiences_by_id` ON `message_audiences` (`audience_id`,`message_id`);--> statement-breakpoint
CREATE INDEX `messages_of_note` ON `messages` (`session_id`,`id`) WHERE pinned = 1 OR message_type IN (1, 3, 5);
