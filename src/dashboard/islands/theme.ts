/** Before anything is drawn: the theme that was chosen, so that the other one does not flash up. Not a module, so it blocks. */
{
  const chosen = localStorage.getItem('theme');
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset['theme'] = chosen;
}
