import type { Values } from '../app/address';
import type { NetworkKey } from '../network/state.svelte';
import type { Texts } from './convolution_text';
import { pythonString } from './python_text';
import { commandLine } from './shell';

export type NetworkAddress = Values<NetworkKey>;

/** What reproduces the Network screen: of the cell that is open, else of the layer, else of the prediction; without a
 *  picture the network itself. `pictureName` is the file that the network saw; `classes` how many there are, where all
 *  of their probabilities are shown. */
export function networkTexts(address: NetworkAddress, pictureName: string | null, classes?: number): Texts {
  const { model, layer, cell } = address;
  if (pictureName === null) return summary(model);
  if (cell) return why(model, pictureName, cell);
  if (layer) return maps(model, pictureName, layer);
  return prediction(model, pictureName, classes);
}

function summary(model: string): Texts {
  return {
    command: commandLine(['convscope', 'summary'], [model], []),
    python: script('import convscope', [
      `bundle = convscope.Bundle.load(${pythonString(model)})`,
      'print(convscope.summary(bundle))',
    ]),
  };
}

const TOP = 3; // classes that `convscope predict` names

function prediction(model: string, picture: string, classes?: number): Texts {
  const top = classes !== undefined && classes > TOP ? classes : null;
  return {
    command: commandLine(['convscope', 'predict'], [model, picture], top ? ['--top', String(top)] : []),
    python: script('import convscope', [
      `bundle = convscope.Bundle.load(${pythonString(model)})`,
      `prediction = bundle.predict(${pythonString(picture)}${top ? `, top=${top}` : ''})[0]`,
      'for label, probability in prediction.top:',
      '    print(label, probability)',
    ]),
  };
}

function maps(model: string, picture: string, layer: string): Texts {
  return {
    command: commandLine(['convscope', 'look'], [model, picture], ['--layer', layer, '--out', 'maps.npz']),
    python: script('from convscope import Bundle, look', [
      `bundle = Bundle.load(${pythonString(model)})`,
      `maps = look.feature_maps(bundle, ${pythonString(picture)}, [${pythonString(layer)}])`,
      'print(maps.layers[0].values)',
    ]),
  };
}

function why(model: string, picture: string, cell: string): Texts {
  return {
    command: commandLine(['convscope', 'explain'], [model, picture], ['--why', cell]),
    python: script('from convscope import Bundle, look', [
      `bundle = Bundle.load(${pythonString(model)})`,
      `answer = look.ForwardPass(bundle, ${pythonString(picture)}).why(${pythonString(cell)})`,
      'print(*answer.sentences, sep="\\n")',
      'print(answer.value)',
    ]),
  };
}

function script(imports: string, lines: readonly string[]): string {
  return `${[imports, '', ...lines].join('\n')}\n`;
}
