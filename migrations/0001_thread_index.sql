DROP INDEX `messages_by_thread`;--> statement-breakpoint
CREATE INDEX `messages_by_thread` ON `messages` (`thread_id`) WHERE "messages"."thread_id" is not null;