/**
 * The checks that may fail: those of the tasks extension (SEP-2663), by scenario. The hub has no tasks. Nothing it does
 * takes longer than a wait of 55 s that the client bounds itself, and the extension is required of nobody. The scenarios
 * call tools that create tasks (`slow_compute`, `failing_job`, …), which do not exist, and methods `tasks/…`, which are
 * unknown. What of them asks for ordinary behaviour passes and is not in the list.
 */
export const TASKS_EXTENSION: Readonly<Record<string, readonly string[]>> = {
  'tasks-capability-negotiation': [
    'tasks-extension-advertised',
    'sep-2663-tasks-methods-non-declaring',
    'sep-2663-server-rejects-undeclared-client',
    'tasks-per-request-meta-opt-in',
  ],
  'tasks-dispatch-and-envelope': [
    'tasks-server-directed-creation-no-hint',
    'tasks-immediate-result-shortcut',
    'tasks-result-type-complete-on-non-task-responses',
    'sep-2663-durable-create-strong-consistency',
    'sep-2663-tasks-get-invalid-task-id-32602',
  ],
  'tasks-lifecycle': [
    'sep-2663-result-type-task-on-create',
    'sep-2663-tasks-get-status-working',
    'sep-2663-tasks-get-status-completed',
    'sep-2663-tool-error-uses-completed-status',
    'sep-2663-tasks-get-status-failed',
    'sep-2663-cancel-ack-empty-result',
    'tasks-cancel-terminal-idempotent-ack',
  ],
  'tasks-mrtr-composition': ['sep-2663-mrtr-synchronous-before-task-creation'],
  'tasks-mrtr-input': [
    'sep-2663-tasks-get-status-input-required',
    'tasks-mrtr-tasks-update-resumes',
    'tasks-mrtr-partial-fulfillment',
  ],
  'tasks-request-headers': [
    'sep-2663-routing-headers-accepted-on-tasks-get',
    'sep-2663-server-rejects-mismatched-mcp-name-on-tasks-get',
  ],
  'tasks-request-state-removal': ['tasks-request-state-removal-setup'],
  'tasks-required-task-error': ['sep-2663-server-returns-missing-capability-when-required'],
  'tasks-wire-fields': [
    'tasks-wire-field-renames',
    'tasks-no-early-ttl-expiry',
    'tasks-no-related-task-meta-on-inlined-result',
  ],
};
