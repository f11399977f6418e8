/**
 * Credentials as they look in transcripts: what tools printed and people pasted. A hub shows an imported message to all
 * agents of a workspace, so they are masked before they leave the machine. What no pattern tells from other text stays.
 */

const TOKENS = [
  // Keys and handles of hubs, of OpenAI and Anthropic, GitHub, GitLab, Slack, npm, Google, Stripe, Hugging Face.
  /\bsc(?:hk|t|r)_[\w-]{16,}/g,
  /\bsrt_[\w-]{16,}/g,
  /\bsk-[\w-]{20,}/g,
  /\bgh[opsur]_[A-Za-z0-9]{30,}/g,
  /\bgithub_pat_\w{30,}/g,
  /\bglpat-[\w-]{20,}/g,
  /\bxox[abeoprs]-[\w-]{10,}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\bAIza[\w-]{30,}/g,
  /\b[rs]k_live_[A-Za-z0-9]{16,}/g,
  /\bhf_[A-Za-z0-9]{30,}/g,
  // AWS, and tokens that are signed JSON.
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];
/** As many characters as tell which kind it was. */
const SHOWN = 4;

export function maskTokens(text: string): string {
  return TOKENS.reduce(
    (masked, pattern) => masked.replace(pattern, (token) => `${token.slice(0, SHOWN)}…masked`),
    text,
  );
}
