// `/console/alerts/{id}`: the ledger moves by itself while a broadcast runs.

interface Told {
  state: string;
  over: boolean;
  ledger: Record<string, number>;
  /** Counts and times by name, in the reader's language. */
  texts: Record<string, string>;
}

const board = document.querySelector<HTMLElement>("[data-live]");
if (board?.dataset["live"]) follow(board, board.dataset["live"]);

function follow(target: HTMLElement, address: string): void {
  const events = new EventSource(address);
  const shownState = target.dataset["state"];
  const alive = (yes: boolean) => {
    target.querySelector<HTMLElement>("[data-live-on]")?.toggleAttribute("hidden", !yes);
    target.querySelector<HTMLElement>("[data-live-off]")?.toggleAttribute("hidden", yes);
  };
  events.addEventListener("open", () => alive(true));
  // The browser tries again by itself; until then the page offers to be reloaded.
  events.addEventListener("error", () => alive(false));
  events.addEventListener("broadcast", (event: MessageEvent<string>) => {
    const told = JSON.parse(event.data) as Told;
    for (const cell of target.querySelectorAll<HTMLElement>("[data-text]")) {
      const text = told.texts[cell.dataset["text"] ?? ""];
      if (text !== undefined) cell.textContent = text;
    }
    const bar = target.querySelector("progress");
    const targeted = told.ledger["targeted"] ?? 0;
    if (bar && targeted > 0) {
      bar.max = targeted;
      bar.value = targeted - (told.ledger["waiting"] ?? 0);
    }
    if (told.over) events.close();
    // What can be done, and what is said, belong to a state: the server writes them.
    if (told.state !== shownState) location.reload();
  });
}
