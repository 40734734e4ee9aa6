import { expect, test } from 'vitest';
import { convolutionTexts, type ConvolutionAddress } from '../../src/copying/convolution_text';
import { INITIAL } from '../../src/convolution/address';

const texts = (change: Partial<ConvolutionAddress>, name = 'drawing.png') =>
  convolutionTexts({ ...INITIAL, ...change }, name);

test('the screen as it begins', () => {
  const { command, python } = texts({});
  expect(command).toBe('convscope conv "1 2 3; 4 5 6; 7 8 9" --kernel "1 0; 0 -1"');
  expect(python).toBe(`from convscope import ops

picture = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
kernel = [[1, 0], [0, -1]]
steps = ops.steps(picture, kernel)

output = steps.output()
print(output)
`);
});

test('what is as the command has it is left out, everything else is said', () => {
  const all = texts({
    kernel: 'gaussian:2:3',
    padding: '1,2',
    stride: '2',
    dilation: '1,2',
    border: 'reflect',
    flip: 'yes',
    bias: '-0.5',
    pool: 'l2:2:1',
    then: 'relu | softmax',
    at: '0,1',
  });
  expect(all.command).toBe(
    'convscope conv "1 2 3; 4 5 6; 7 8 9" --kernel gaussian:2:3 --bias -0.5 --pool l2:2:1 --padding 1,2 --stride 2 ' +
      '--dilation 1,2 --border reflect --flip --then "relu | softmax" --at 0,1',
  );
  expect(all.python).toContain('kernel = ops.kernel("gaussian", 2, 3)');
  expect(all.python).toContain('padding=(1, 2)');
  expect(all.python).toContain('border="reflect"');
  expect(all.python).toContain('output = ops.lp_pool(output, 2, p=2, stride=1)');
  expect(all.python).toContain('print(steps.at(0, 1).equation())');
});

test('numbers that begin with a minus, and names that do, stand behind --', () => {
  expect(texts({ picture: '-1 2; 3 4' }).command).toBe('convscope conv --kernel "1 0; 0 -1" -- "-1 2; 3 4"');
  expect(texts({ picture: 'png:abc' }, '-x y.png').command).toBe(
    'convscope conv --kernel "1 0; 0 -1" -- "-x y.png"',
  );
});

test('a file is named, the sample photo is not', () => {
  expect(texts({ picture: 'kept:0a1b', kernel: 'box' }, "it's.png").command).toBe(
    'convscope conv "it\'s.png" --kernel box',
  );
  expect(texts({ picture: 'sample:photo', kernel: 'sobel-x' }).command).toBe('convscope conv');
  expect(texts({ picture: 'sample:photo', kernel: '' }).command).toBe('convscope conv');
  expect(texts({ picture: 'sample:photo', pool: 'max:2', kernel: 'sobel-x' }).command).toBe(
    'convscope conv --kernel sobel-x --pool max:2',
  );
  expect(texts({ picture: 'sample:photo' }).python).toContain('read_picture(sample_photo())');
});

test('a pool alone has no settings of a kernel', () => {
  const alone = { kernel: '', flip: 'yes', bias: '1', padding: '1' };
  expect(texts({ ...alone, pool: 'max:2' }).command).toBe(
    'convscope conv "1 2 3; 4 5 6; 7 8 9" --pool max:2 --padding 1',
  );
  expect(texts({ ...alone, pool: 'global-max' }).command).toBe(
    'convscope conv "1 2 3; 4 5 6; 7 8 9" --pool global-max',
  );
});

test('lines of their own are rows, so that a command has one line', () => {
  expect(texts({ picture: '1 2\n3 4\n/\n5 6\n7 8', kernel: '1 / 1' }).command).toBe(
    'convscope conv "1 2; 3 4 / 5 6; 7 8" --kernel "1 / 1"',
  );
});

test('filters and channels have as many axes as `ops.steps` takes', () => {
  const layer = texts({
    picture: '1 2; 3 4 / 5 6; 7 8',
    kernel: '1 / 1/4 // -1 / 007',
    bias: '1 2',
    at: '1,0,1',
  });
  expect(layer.python).toContain('picture = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]');
  expect(layer.python).toContain('kernel = [[[[1]], [[1 / 4]]], [[[-1]], [[7]]]]');
  expect(layer.python).toContain('bias=[1, 2]');
  expect(layer.python).toContain('steps.at(1, 0, 1)');
  const signal = texts({ picture: '1 2 3', kernel: '1 1 // 1 -1' });
  expect(signal.python).toContain('kernel = [[[1, 1]], [[1, -1]]]');
});
