CREATE TABLE `message_changes` (
	`seq` integer PRIMARY KEY NOT NULL,
	`message_id` integer NOT NULL
);
