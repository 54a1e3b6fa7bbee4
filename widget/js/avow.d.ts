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
  /** Calls `listener` after each decision. */
  on(event: "decision", listener: (decision: AvowDecision) => void): void;
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
}
