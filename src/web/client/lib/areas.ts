// Named areas, found by typing: a combobox with a list (WAI-ARIA Authoring Practices, "Editable Combobox With List
// Autocomplete"). One question is under way at a time; what was typed meanwhile is asked next.

import { type Area, findAreas } from "./api";
import { element, word } from "./page";

/** Fewer letters find too much. */
const LETTERS_MIN = 2;

export class Areas {
  private readonly input = element<HTMLInputElement>("area");
  private readonly list = element("area-list");
  private readonly status = element("area-status");
  private found: Area[] = [];
  private active = -1;
  private asking = false;
  private answered = "";

  constructor(private readonly choose: (area: Area) => void) {
    this.input.addEventListener("input", () => void this.ask());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    // The field keeps the focus, so that a click is not a blur first.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = (event.target as Element).closest("[role=option]");
      if (option) this.pick([...this.list.children].indexOf(option));
    });
  }

  private async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      for (let text = this.text(); text !== this.answered; text = this.text()) {
        const found = text.length < LETTERS_MIN ? null : await findAreas(text);
        // An answer that comes late is for nobody: something else stands there, or an area was picked.
        if (text !== this.text()) continue;
        this.answered = text;
        this.show(found);
      }
    } catch {
      this.answered = "";
      this.show(null);
      this.status.textContent = word("area-failed");
    } finally {
      this.asking = false;
    }
  }

  private text(): string {
    return this.input.value.trim();
  }

  /** `null`: nothing was asked. */
  private show(found: Area[] | null): void {
    this.found = found ?? [];
    this.active = -1;
    this.list.replaceChildren(...this.found.map((area, index) => option(area, index)));
    if (found === null) this.status.textContent = "";
    else this.status.textContent = found.length === 0 ? word("area-none") : word("area-count", { count: String(found.length) });
    this.open(this.found.length > 0 && document.activeElement === this.input);
  }

  private open(is: boolean): void {
    this.list.hidden = !is;
    this.input.setAttribute("aria-expanded", String(is));
    if (!is) this.move(-1);
  }

  private close(): void {
    this.open(false);
  }

  private key(event: KeyboardEvent): void {
    const last = this.found.length - 1;
    const closed = this.list.hidden;
    if (event.key === "ArrowDown" && last >= 0) this.step(closed || this.active === last ? 0 : this.active + 1);
    else if (event.key === "ArrowUp" && last >= 0) this.step(closed || this.active <= 0 ? last : this.active - 1);
    else if (event.key === "Enter" && !closed && last >= 0) this.enter();
    else if (event.key === "Escape" && !closed) this.close();
    else if (event.key === "Escape") this.clear();
    else return;
    event.preventDefault();
  }

  /** The first is meant only where the list is for what stands there now. */
  private enter(): void {
    if (this.active >= 0 || this.answered === this.text()) this.pick(Math.max(this.active, 0));
  }

  private step(index: number): void {
    this.open(true);
    this.move(index);
  }

  private move(index: number): void {
    this.active = index;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = this.list.children[index];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  private pick(index: number): void {
    const area = this.found[index];
    if (!area) return;
    this.clear();
    this.choose(area);
  }

  private clear(): void {
    this.input.value = "";
    this.answered = "";
    this.show(null);
  }
}

/** What people call an area; some have no name but their code. */
export function nameOf({ name, scheme, code }: Area): string {
  return name || `${scheme} ${code}`;
}

function option(area: Area, index: number): HTMLLIElement {
  const option = document.createElement("li");
  option.id = `area-${index}`;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  option.append(nameOf(area), " ");
  const small = option.appendChild(document.createElement("small"));
  small.textContent = [area.within, area.code].filter(Boolean).join(" · ");
  return option;
}
