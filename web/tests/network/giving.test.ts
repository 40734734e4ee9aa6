import { fireEvent, render, screen as page, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { inverted } from '../../src/network/opening';
import SignalChoice from '../../src/network/SignalChoice.svelte';
import { NetworkState } from '../../src/network/state.svelte';
import Texts from '../../src/network/Texts.svelte';
import type { Picture } from '../../src/pictures/picture';
import { shifted } from '../../src/pictures/shift';
import { passOf, pictureOf, tiny } from './source';

afterEach(() => {
  document.body.innerHTML = '';
});

function texts(picture: Picture): string[] {
  const state = new NetworkState();
  state.network = tiny();
  state.picture = picture;
  state.shown = { model: 'tiny', picture, pass: passOf(tiny(), picture), of: picture, shift: [0, 0] };
  render(Texts, { screen: state });
  const found = page.queryAllByRole('button', { name: /^Save / }).map((button) => button.textContent ?? '');
  document.body.innerHTML = '';
  return found;
}

describe('the file that the copied texts read', () => {
  const photo = { ...pictureOf(7, 'kept:12'), name: 'photo.jpg' };
  it('is offered unless a person opened it', () => {
    expect(texts({ ...photo, opened: true })).toEqual([]);
    expect(texts({ ...photo, name: 'camera.png' })).toEqual(['Save camera.png']);
  });
  it('has a name of its own once the picture was changed', async () => {
    const opened = { ...photo, opened: true };
    expect(texts(await inverted(opened))).toEqual(['Save photo-inverted.png']);
    expect(texts(await shifted(opened, 1, 0))).toEqual(['Save photo-shifted.png']);
  });
});

describe('a signal', () => {
  const samples = ['a.npy', 'b.npy'].map((name) => ({ name, file: new Uint8Array([1]) }));
  const shown = () => {
    const onpicture = vi.fn();
    render(SignalChoice, { samples, picture: null, error: '', onpicture });
    return onpicture;
  };
  const choose = (files: unknown[]) =>
    fireEvent.change(page.getByLabelText('Open a file (.npy)'), { target: { files } });

  it('is the one that was chosen last, however long another takes', async () => {
    const onpicture = shown();
    let read = (_: ArrayBuffer) => {};
    const slow = { name: 'slow.npy', size: 3, arrayBuffer: () => new Promise((done) => (read = done)) };
    await choose([slow]);
    await fireEvent.change(page.getByLabelText('Sample'), { target: { value: 'sample:b.npy' } });
    await waitFor(() => expect(onpicture).toHaveBeenCalledOnce());
    read(new ArrayBuffer(3));
    await new Promise((resolve) => setTimeout(resolve));
    expect(onpicture.mock.calls.map(([picture]) => picture.code)).toEqual(['sample:b.npy']);
  });

  it('that cannot be read says so beside the choice', async () => {
    const onpicture = shown();
    await choose([{ name: 'long.npy', size: 1e9 }]);
    expect((await page.findByRole('alert')).textContent).toContain('long.npy is larger than 64 MB');
    expect(onpicture).not.toHaveBeenCalled();
  });
});
