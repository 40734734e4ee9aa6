import { mount } from 'svelte';
import './app/theme.css';
import Page from './app/Page.svelte';

mount(Page, { target: document.getElementById('app') as HTMLElement });
