import type { Model } from './model';

/** What a page and its model in Python tell each other. */
export interface Talk {
  /** Takes over what the model says; may take a while. */
  take: () => void | Promise<void>;
  /** What the page says, by trait: of what Svelte tells when it changes. */
  give: () => Record<string, unknown>;
  same: (one: unknown, other: unknown) => boolean;
}

/**
 * A page and its model follow each other. Python goes first: while the page takes over what came from there it tells
 * nothing, and what is the same already is not told, so that nothing goes round in circles.
 */
export function follow(model: Model, traits: readonly string[], { take, give, same }: Talk): () => void {
  let telling = false;
  let coming = 0; // of what came from Python, counted
  let taken = $state(0); // and how much of that the page has

  const heard = async () => {
    if (telling) return;
    const mine = (coming += 1);
    await null; // what comes in one message is taken over together
    if (mine !== coming) return;
    await take(); // where that fails the page has not what Python has, and tells nothing
    if (mine === coming) taken = mine;
  };
  void heard();
  for (const trait of traits) model.on(`change:${trait}`, heard);

  const end = $effect.root(() => {
    $effect(() => {
      const given = Object.entries(give());
      if (taken !== coming) return;
      const news = given.filter(([trait, value]) => !same(model.get(trait), value));
      if (!news.length) return;
      telling = true;
      for (const [trait, value] of news) model.set(trait, value);
      telling = false;
      model.save_changes();
    });
  });
  return () => {
    end();
    coming += 1; // nothing is taken over any more
    for (const trait of traits) model.off(`change:${trait}`, heard);
  };
}
