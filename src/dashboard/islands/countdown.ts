/** Counts down what says until when it is. */
const EVERY_MS = 1_000;

const two = (count: number): string => String(count % 60).padStart(2, '0');

function clock(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function show(): void {
  const now = Date.now();
  for (const left of document.querySelectorAll<HTMLElement>('[data-until]')) {
    const ms = Date.parse(left.dataset['until'] ?? '') - now;
    left.textContent = ms <= 0 ? 'over' : clock(ms);
    left.classList.toggle('over', ms <= 0);
  }
}

show();
setInterval(show, EVERY_MS);
