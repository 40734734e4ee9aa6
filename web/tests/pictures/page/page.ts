import { mount } from 'svelte';
import '../../../src/app/theme.css';
import { table, PIXELS } from '../../../src/parts/scale';
import { pictureOf } from '../../../src/pictures/code';
import { shifted } from '../../../src/pictures/shift';
import { show } from './shown.svelte';
import Page from './Page.svelte';

// A page with nothing but the parts of web/src/pictures and web/src/parts, for tests/studio/test_pictures.py.
const code = decodeURIComponent(location.hash.slice(1));
if (code) await show(pictureOf(code));
mount(Page, { target: document.getElementById('app') as HTMLElement });
Object.assign(window, { pictureOf, shifted, table, PIXELS });
