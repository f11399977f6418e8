ALTER TABLE `message_audiences` ADD `pinned` integer DEFAULT false NOT NULL;--> statement-breakpoint
-- By hand: what is pinned already.
UPDATE `message_audiences` SET `pinned` = 1 WHERE `message_id` IN (SELECT `id` FROM `messages` WHERE `pinned` = 1);--> statement-breakpoint
CREATE INDEX `message_audiences_of_note` ON `message_audiences` (`audience_id`,`session_id`,`message_id`) WHERE pinned = 1 OR message_type IN (1, 3, 5);--> statement-breakpoint
DROP INDEX `messages_of_note`;
