/** Puts a text on the clipboard; where that is not allowed it selects `shown`, which holds the text. Whether it is on
 *  the clipboard. */
export async function copyText(text: string, shown: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard where a page did not come by https or from this machine, or where a person said no.
    getSelection()?.selectAllChildren(shown);
    return false;
  }
}
