// Runs something when an element is about to be seen.

export function whenSeen(target: Element, act: () => void): void {
  if (!("IntersectionObserver" in window)) {
    act();
    return;
  }
  const watcher = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      act();
    },
    { rootMargin: "300px" },
  );
  watcher.observe(target);
}
