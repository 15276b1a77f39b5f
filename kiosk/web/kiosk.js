// kiosk.js - what a page can do beyond forms; without it all pages work. Nothing is stored, and nothing is asked of the network but sound.
'use strict';

(() => {
	const page = document.body;
	// Nothing can be lost on the thanks, and the next patient may be waiting; but whatever asks something warns first.
	const IDLE_MS = page.dataset.kind === 'thanks' ? 15000 : 30000, WARNING_S = 20;
	const form = document.querySelector('form');
	const home = () => location.replace('/');

	// No way back to what somebody wrote: the browser's history knows the first page only, and fields end with their page.
	history.replaceState(null, '', '/');
	addEventListener('pageshow', (event) => {
		if (event.persisted)
			home();
	});
	addEventListener('pagehide', () => form?.reset());
	addEventListener('contextmenu', (event) => event.preventDefault());

	let sent = false;
	form?.addEventListener('submit', (event) => {
		if (sent)
			event.preventDefault();
		sent = true;
	});

	idle();
	readAloud();
	keyboard();

	function idle() {
		const dialog = document.getElementById('idle');
		const text = document.getElementById('idle-text');
		let timer = 0, left = 0;

		if ('opening' in page.dataset)
			return;
		const wording = text?.textContent;
		// Messages, and thanks with nothing more to ask, are there to be read: they go without a question.
		const wait = () => {
			clearInterval(timer);
			if (page.dataset.reset)
				timer = setTimeout(home, page.dataset.reset * 1000);
			else
				timer = setTimeout(dialog ? warn : home, IDLE_MS);
		};
		const count = () => {
			text.textContent = wording.replace('{seconds}', left);
			if (left-- <= 0)
				home();
		};
		function warn() {
			left = WARNING_S;
			count();
			timer = setInterval(count, 1000);
			dialog.showModal();
		}
		dialog?.addEventListener('close', wait);
		dialog?.querySelector('button').addEventListener('click', () => dialog.close());
		for (const kind of ['pointerdown', 'keydown', 'input', 'wheel', 'kiosk-speaks'])
			addEventListener(kind, () => dialog?.open || wait(), { capture: true, passive: true });
		wait();
	}

	function readAloud() {
		const button = document.getElementById('say');
		let sound = null, on = false;

		if (!button)
			return;
		const [start, stop] = [button.textContent, button.dataset.stop];
		const end = () => {
			sound?.pause();
			on = false;
			button.textContent = start;
		};
		button.hidden = false;
		button.addEventListener('click', () => {
			if (on) {
				end();
				return;
			}
			if (!sound) {
				sound = new Audio(button.dataset.say);
				sound.addEventListener('ended', end);
				sound.addEventListener('timeupdate', () => dispatchEvent(new Event('kiosk-speaks')));
			}
			on = true;
			sound.currentTime = 0;
			button.textContent = stop;
			sound.play().catch(() => {
				end();
				button.hidden = true;
			});
		});
		addEventListener('pagehide', end);
	}

	function keyboard() {
		const field = document.getElementById('comment');
		const place = document.getElementById('keyboard');
		const Keyboard = window.SimpleKeyboard?.default;
		const plan = window.kioskKeyboard;
		let layer = 'letters', keys = null, hiding = 0;

		if (!field || !place || !Keyboard || !plan)
			return;
		const say = place.dataset;
		const labels = () => ({
			'{shift}': layer.endsWith('shift') ? plan.labels[layer === 'shift' ? 'letters' : 'latin'] : plan.labels[layer === 'latin' ? 'latin_shift' : 'shift'],
			'{letters}': plan.labels.letters, '{latin}': plan.labels.latin, '{numbers}': '123',
			'{space}': say.space, '{bksp}': say.delete, '{enter}': say.enter, '{done}': say.done,
		});
		const go = (to) => {
			layer = to;
			keys.setOptions({ layoutName: layer, display: labels() });
		};

		function show() {
			clearTimeout(hiding);
			if (!place.hidden)
				return;
			place.hidden = false;
			page.classList.add('kiosk-typing');
			page.style.paddingBottom = `${place.offsetHeight}px`;
			field.scrollIntoView({ block: 'center' });
			scrollBy(0, Math.max(0, field.getBoundingClientRect().bottom + 8 - place.getBoundingClientRect().top));
		}
		function hide() {
			place.hidden = true;
			page.classList.remove('kiosk-typing');
			page.style.paddingBottom = '';
		}
		function write(text) {
			field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
			field.dispatchEvent(new Event('input', { bubbles: true }));
			field.scrollTop = field.scrollHeight;
		}
		function erase() {
			if (field.selectionStart === field.selectionEnd) {
				const before = [...field.value.slice(0, field.selectionStart)];
				field.setSelectionRange(field.selectionStart - (before.pop() ?? '').length, field.selectionEnd);
			}
			write('');
		}
		function press(key) {
			const to = plan.goes[key]?.[layer];

			if (key === '{done}')
				hide();
			else if (to)
				go(to);
			else if (key === '{bksp}')
				erase();
			else
				write({ '{space}': ' ', '{enter}': '\n' }[key] ?? key);
			if (!to && layer.endsWith('shift') && !key.startsWith('{'))
				go(plan.goes['{shift}'][layer]);
		}

		const all = [...new Set(Object.values(plan.layers).flat().flatMap((row) => row.split(' ')))].join(' ');
		keys = new Keyboard(place, {
			layout: plan.layers, layoutName: layer, display: labels(), onKeyPress: press, useButtonTag: true, preventMouseDownDefault: true,
			physicalKeyboardHighlight: false, disableCaretPositioning: true, theme: '',
			// None of them sends the form; and somebody with a keyboard of their own has no use for sixty stops on the way to the next button.
			buttonAttributes: [['type', 'button'], ['tabindex', '-1']].map(([attribute, value]) => ({ attribute, value, buttons: all })),
		});
		field.addEventListener('focus', show);
		field.addEventListener('click', show);
		// Not at once: what a finger is about to hit must not move away under it. And not when the whole page loses the focus.
		field.addEventListener('blur', () => { hiding = setTimeout(() => document.activeElement !== field && hide(), 300); });
		// Before Tab looks for what comes next: the row at the bottom is not there while the keyboard is.
		field.addEventListener('keydown', (event) => ['Escape', 'Tab'].includes(event.key) && hide());
	}
})();
