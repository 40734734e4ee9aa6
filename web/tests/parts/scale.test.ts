// @vitest-environment node
import { expect, test } from 'vitest';
import { distance, rgbOf, type Lab, type Rgb } from '../../src/parts/oklab';
import {
  paint,
  paintColours,
  PIXELS,
  rangeOf,
  scaleOf,
  shades,
  table,
  type Ground,
  type Scale,
} from '../../src/parts/scale';

const GROUNDS: Ground[] = ['light', 'dark'];
const lightness = (colour: Lab) => colour[0];

// WCAG 2.2, relative luminance and contrast.
const channel = (value: number) =>
  value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
const luminance = (colour: Rgb) =>
  0.2126 * channel(colour[0]) + 0.7152 * channel(colour[1]) + 0.0722 * channel(colour[2]);
const contrast = (one: Lab, other: Lab) => {
  const [low, high] = [luminance(rgbOf(one)), luminance(rgbOf(other))].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (high + 0.05) / (low + 0.05);
};

test('OKLab is that of its author: white, and the reddest red of sRGB', () => {
  expect(rgbOf([1, 0, 0]).map(Math.round)).toEqual([255, 255, 255]);
  const red = rgbOf([0.6279554, 0.2248631, 0.1258463]);
  for (const [k, value] of [255, 0, 0].entries()) expect(red[k]).toBeCloseTo(value, 2);
});

test.each(GROUNDS)('on %s ground every step looks equally large, and a screen has every colour', (ground) => {
  for (const kind of ['signed', 'positive'] as const) {
    const colours = shades(kind, ground);
    const steps = colours.slice(1).map((colour, k) => distance(colours[k] as Lab, colour));
    const each = steps.reduce((sum, step) => sum + step, 0) / steps.length;
    expect(Math.max(...steps) / each).toBeLessThan(1.05);
    expect(Math.min(...steps) / each).toBeGreaterThan(0.9);
    for (const colour of colours.flatMap(rgbOf)) {
      expect(colour).toBeGreaterThan(-0.5);
      expect(colour).toBeLessThan(255.5);
    }
  }
});

test.each(GROUNDS)('on %s ground lightness alone tells the magnitude, on both sides alike', (ground) => {
  const colours = shades('signed', ground);
  const zero = (colours.length - 1) / 2;
  const away = (k: number) => Math.abs(lightness(colours[k] as Lab) - lightness(colours[zero] as Lab));
  for (let k = 1; k <= zero; k++) {
    expect(away(zero + k)).toBeGreaterThan(away(zero + k - 1));
    expect(away(zero - k)).toBeGreaterThan(away(zero - k + 1));
    expect(away(zero + k)).toBeCloseTo(away(zero - k), 1);
  }
  expect(contrast(colours[zero] as Lab, colours[0] as Lab)).toBeGreaterThan(7);
  expect(contrast(colours[zero] as Lab, colours.at(-1) as Lab)).toBeGreaterThan(7);
});

test.each(GROUNDS)('on %s ground blue tells above from below where red and green look alike', (ground) => {
  // Without red or green receptors what remains is about lightness and OKLab's b (blue against yellow).
  const colours = shades('signed', ground);
  const last = colours.length - 1;
  for (const share of [0.15, 0.25, 0.35]) {
    const [below, above] = [colours[Math.round(share * last)], colours[Math.round((1 - share) * last)]] as [
      Lab,
      Lab,
    ];
    expect(below[2] - above[2]).toBeGreaterThan(0.1);
  }
});

/** The red, green, blue and opacity of one number. */
function colourOf(value: number, scale: Scale, ground: Ground): number[] {
  const pixel = new Uint32Array(1);
  paint([value], pixel, scale, ground);
  return [...new Uint8Array(pixel.buffer)];
}

test('the ends, the middle and what lies beyond have the colours of the table', () => {
  const signed = table('signed', 'light');
  const pixels = new Uint32Array(7);
  paint([-2, 0, 2, -9, 9, Infinity, NaN], pixels, scaleOf(-1, 2), 'light');
  const [low, middle, high] = [signed[0], signed[(signed.length - 1) / 2], signed.at(-1)];
  expect([...pixels]).toEqual([low, middle, high, low, high, high, 0]);
  expect(colourOf(0, scaleOf(-1, 1), 'light')).toEqual([255, 255, 255, 255]);
  expect(colourOf(NaN, scaleOf(-1, 1), 'light')).toEqual([0, 0, 0, 0]);
});

test('a number above 0 has the colour of its share, before a ReLU as after it', () => {
  for (const value of [0.1, 0.5, 1])
    expect(colourOf(value, scaleOf(-1, 1), 'dark')).toEqual(colourOf(value, scaleOf(0, 1), 'dark'));
});

test('pictures are painted as they are, grey and coloured', () => {
  const pixels = new Uint32Array(3);
  paint([0, 77, 255], pixels, PIXELS, 'dark');
  expect([...new Uint8Array(pixels.buffer)]).toEqual([0, 0, 0, 255, 77, 77, 77, 255, 255, 255, 255, 255]);
  const two = new Uint32Array(2);
  paintColours([1, 2, 3, 4, 5, 6], two);
  expect([...new Uint8Array(two.buffer)]).toEqual([1, 3, 5, 255, 2, 4, 6, 255]);
});

test('all numbers alike are no division by 0', () => {
  expect(colourOf(0, scaleOf(0, 0), 'light')).toEqual([255, 255, 255, 255]);
  expect(colourOf(3, scaleOf(3, 3), 'light')[3]).toBe(255);
});

test('a range holds 0 and passes over what is not finite', () => {
  expect(rangeOf([3, NaN, -Infinity, 1])).toEqual({ low: 0, high: 3 });
  expect(rangeOf(Float32Array.of(-3, -1))).toEqual({ low: -3, high: 0 });
  expect(rangeOf([])).toEqual({ low: 0, high: 0 });
  expect(scaleOf(-3, 1)).toEqual({ kind: 'signed', low: -3, high: 3 });
});
