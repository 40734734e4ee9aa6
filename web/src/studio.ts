import { mount } from 'svelte';
import './app/theme.css';
import Studio from './app/Studio.svelte';

mount(Studio, { target: document.getElementById('app') as HTMLElement });
