import { expect, test } from 'vitest';
import { hashOf, screenOf, valuesOf } from '../../src/app/address';

const initial = { kernel: 'sobel-x', padding: 'valid', at: '' };

test('an address holds what differs from the beginning, and gives it back', () => {
  const values = { ...initial, kernel: '1 0; 0 -1 & #?/', at: '3,4' };
  const hash = hashOf('convolution', values, initial);
  expect(hash).toBe('#/convolution?kernel=1+0;+0+-1+%26+%23%3F%2F&at=3,4');
  expect(valuesOf(hash, initial)).toEqual(values);
  expect(hashOf('network', initial, initial)).toBe('#/network');
});

test('what an address leaves out is as it begins, and unknown names are passed over', () => {
  expect(valuesOf('#/convolution', initial)).toEqual(initial);
  expect(valuesOf('', initial)).toEqual(initial);
  expect(valuesOf('#/convolution?colour=red&padding=', initial)).toEqual({ ...initial, padding: '' });
});

test('an address names its screen', () => {
  expect([screenOf('#/network?model=a'), screenOf('#/convolution'), screenOf('')]).toEqual([
    'network',
    'convolution',
    'convolution',
  ]);
});
