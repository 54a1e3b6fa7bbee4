/**
 * What a page may call. Present from the guard on: calls made before the engine has loaded wait for it,
 * and `allows` answers at once.
 */
interface Avow {
  /**
   * Allows everything optional. A grant needs a person: without a click or key press in flight, or with no
   * way to refuse in view, this opens the preferences instead.
   */
  acceptAll(): void;
  /** Refuses everything optional. Counts however it is called. */
  rejectAll(): void;
  /** Opens the preferences. */
  open(): void;
  /** Takes every grant back. */
  withdraw(): void;
  /** May this purpose run now? Unknown purposes may not. */
  allows(purpose: string): boolean;
  /** The stored decision, or null while there is none that counts. */
  decision(): AvowDecision | null;
  /** True once the engine runs; false if it could not start (then everything optional stays denied). */
  ready: Promise<boolean>;
  /** Calls `listener` after each decision, in whatever tab it was made. */
  on(event: "decision", listener: (decision: AvowDecision) => void): void;
  /** Calls `listener` when declared items could not be deleted. */
  on(event: "left", listener: (items: AvowItem[]) => void): void;
  /** Calls `listener` once the engine runs. */
  on(event: "ready", listener: () => void): void;
}

/** Something that a purpose keeps on the device, as the policy declares it. */
interface AvowItem {
  kind: "cookie" | "local" | "session" | "indexeddb" | "cache";
  /** Its name, or the start of it. */
  name: string;
}

interface AvowDecision {
  /** The policy version that was answered. */
  version: number;
  /** Milliseconds since 1970 (UTC). */
  decidedAt: number;
  expiresAt: number;
  /** One answer per optional purpose. */
  choices: Record<string, boolean>;
}

interface Window {
  avow: Avow;
}

interface DocumentEventMap {
  "avow:decision": CustomEvent<AvowDecision>;
  "avow:left": CustomEvent<AvowItem[]>;
  "avow:ready": CustomEvent<null>;
}
