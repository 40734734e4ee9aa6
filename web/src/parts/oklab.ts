// OKLab (Ottosson 2020): a colour space in which equal distances look alike. https://bottosson.github.io/posts/oklab/

export type Lab = readonly [lightness: number, a: number, b: number];
export type Rgb = readonly [red: number, green: number, blue: number];

/** A colour by lightness 0 to 1, chroma and hue in degrees. */
export function polar(lightness: number, chroma: number, hue: number): Lab {
  const angle = (hue * Math.PI) / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

/** sRGB 0 to 255, not rounded; outside of it where a screen has no such colour. */
export function rgbOf([lightness, a, b]: Lab): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    companded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    companded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    companded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function companded(linear: number): number {
  return 255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055);
}

export function distance(one: Lab, other: Lab): number {
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}

/** `count` colours along the path through `stops`, each as far from the last as any other. */
export function evenly(stops: readonly Lab[], count: number): Lab[] {
  const fine: Lab[] = [];
  const PARTS = 400;
  for (let stop = 0; stop + 1 < stops.length; stop++)
    for (let part = stop ? 1 : 0; part <= PARTS; part++)
      fine.push(between(stops[stop] as Lab, stops[stop + 1] as Lab, part / PARTS));
  const lengths = [0];
  for (let k = 1; k < fine.length; k++)
    lengths.push((lengths[k - 1] as number) + distance(fine[k - 1] as Lab, fine[k] as Lab));
  const whole = lengths[lengths.length - 1] as number;
  const result: Lab[] = [];
  for (let k = 0, at = 0; k < count; k++) {
    const wanted = (whole * k) / (count - 1);
    while (at + 2 < fine.length && (lengths[at + 1] as number) < wanted) at++;
    const step = (lengths[at + 1] as number) - (lengths[at] as number);
    result.push(
      between(fine[at] as Lab, fine[at + 1] as Lab, Math.min(1, (wanted - (lengths[at] as number)) / step)),
    );
  }
  return result;
}

function between(one: Lab, other: Lab, share: number): Lab {
  return [0, 1, 2].map(
    (k) => (one[k] as number) * (1 - share) + (other[k] as number) * share,
  ) as unknown as Lab;
}
