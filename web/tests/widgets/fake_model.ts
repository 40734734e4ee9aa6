import { vi } from 'vitest';
import type { Model } from '../../src/widgets/model';

type Heard = (...told: never[]) => void;

/** A model as anywidget gives it, with Python's side in the hands of the test. */
export class FakeModel implements Model {
  readonly saved: Record<string, unknown>[] = []; // what Python was told, message by message
  readonly send = vi.fn();
  private readonly listeners = new Map<string, Set<Heard>>();
  private unsaved: Record<string, unknown> = {};

  constructor(private readonly state: Record<string, unknown>) {}

  get(name: string): unknown {
    return this.state[name];
  }

  set(name: string, value: unknown): void {
    this.unsaved[name] = value;
    this.change({ [name]: value });
  }

  save_changes(): void {
    this.saved.push(this.unsaved);
    this.unsaved = {};
  }

  on(event: string, heard: Heard): void {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event)?.add(heard);
  }

  off(event: string, heard: Heard): void {
    this.listeners.get(event)?.delete(heard);
  }

  /** How many listen. */
  get heard(): number {
    return [...this.listeners.values()].reduce((sum, listeners) => sum + listeners.size, 0);
  }

  /** Traits change, as by a message of Python. */
  change(traits: Record<string, unknown>): void {
    Object.assign(this.state, traits);
    for (const name of Object.keys(traits)) this.trigger(`change:${name}`);
  }

  trigger(event: string, ...told: unknown[]): void {
    for (const heard of [...(this.listeners.get(event) ?? [])]) heard(...(told as never[]));
  }

  /** Python answers the question that was asked last. */
  answer(told: Record<string, unknown>, ...buffers: Uint8Array[]): void {
    const [{ id }] = this.send.mock.lastCall as [{ id: string }];
    // a message has its buffers in one memory, wherever they happen to lie
    const views = buffers.map((bytes) => {
      const memory = new Uint8Array(bytes.length + 3);
      memory.set(bytes, 3);
      return new DataView(memory.buffer, 3);
    });
    this.trigger('msg:custom', { id, ...told }, views);
  }
}
