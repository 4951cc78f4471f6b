// Small things every island needs.

/** An element that the page always has. */
export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** A message that the server put into the page, in the reader's language; `{name}`s are filled in. */
export function word(key: string, values: Record<string, string> = {}): string {
  const words = document.querySelector<HTMLTemplateElement>("template#words");
  const text = words?.content.querySelector(`[data-word="${key}"]`)?.textContent ?? key;
  return text.replace(/⟦(\w+)⟧/g, (whole, name: string) => values[name] ?? whole);
}

/** Shows a text in an element, or hides the element when there is none. */
export function tell(target: HTMLElement, text: string): void {
  target.textContent = text;
  target.hidden = text === "";
}

export type NearTrouble = "denied" | "failed";

/** Asks the browser where the reader is. Never called but from a click. */
export function position(): Promise<{ lat: number; lon: number }> {
  return new Promise((resolve, reject) => {
    if (!("geolocation" in navigator)) {
      reject("failed" satisfies NearTrouble);
      return;
    }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude }),
      (error) => reject((error.code === error.PERMISSION_DENIED ? "denied" : "failed") satisfies NearTrouble),
      { enableHighAccuracy: false, timeout: 15_000, maximumAge: 300_000 },
    );
  });
}
