import { DEFAULT_KERNEL } from '../convolution/address';
import { SAMPLE_PHOTO } from '../pictures/photo';
import { asked, DEFAULTS, isFile, type ConvolutionAddress } from './asked';
import { convolutionPython } from './convolution_python';
import { commandLine } from './shell';

export type { ConvolutionAddress } from './asked';

/** What a person copies: a line for a shell, and a Python script. */
export interface Texts {
  command: string;
  python: string;
}

/** What reproduces the Convolution screen. `pictureName` is the file that a drawing or an upload is kept in; of typed
 *  numbers, and of the sample photo, it is not looked at. Settings that are as the command has them are left out. */
export function convolutionTexts(address: ConvolutionAddress, pictureName: string): Texts {
  const told = asked(address);
  return { command: command(told, pictureName), python: convolutionPython(told, pictureName) };
}

function command(told: ConvolutionAddress, pictureName: string): string {
  const { picture } = told;
  const named = picture === SAMPLE_PHOTO ? [] : [isFile(picture) ? pictureName : picture];
  const usual: Partial<ConvolutionAddress> = {
    ...DEFAULTS,
    ...(told.pool ? {} : { kernel: DEFAULT_KERNEL }),
  };
  const options = told.grey ? ['--grey'] : [];
  const valued = (['crop', 'kernel', 'bias', 'pool', 'padding', 'stride', 'dilation', 'border'] as const)
    .filter((key) => told[key] && told[key] !== usual[key])
    .flatMap((key) => [`--${key}`, told[key]]);
  options.push(...valued);
  if (told.flip) options.push('--flip');
  if (told.then) options.push('--then', told.then);
  if (told.at) options.push('--at', told.at);
  return commandLine(['convscope', 'conv'], named, options);
}
