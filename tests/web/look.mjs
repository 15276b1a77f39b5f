// look.mjs - what can be computed of a page from its own document: run inside the page, in any browser; gives a list of faults in words.
export function look(touch, least_contrast, least_edge) {
	const width = innerWidth;
	const top = document.querySelector('dialog[open]') ?? document.body;
	const faults = [];
	const name = (e) => `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ''} '${(e.textContent || e.value || '').trim().slice(0, 30)}'`;
	const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility === 'visible';

	const controls = [...top.querySelectorAll('button, a[href], textarea, input:not([type=hidden]), select')].filter(seen);
	const words = document.createRange();
	const cuts = (e, box) => {
		words.selectNodeContents(e);
		const text = words.getBoundingClientRect();
		return text.width > 0 && (text.left < box.left - 1 || text.right > box.right + 1 || text.top < box.top - 1 || text.bottom > box.bottom + 1);
	};
	for (const e of controls) {
		const box = e.getBoundingClientRect();
		if (box.height < touch || box.width < touch)
			faults.push(`${name(e)} is ${Math.round(box.width)} x ${Math.round(box.height)} px, too small to touch`);
		if (box.left < -0.5 || box.right > width + 0.5)
			faults.push(`${name(e)} is outside the screen`);
		if (!/^(TEXTAREA|INPUT)$/.test(e.tagName) && cuts(e, box))
			faults.push(`${name(e)} cuts off what it says`);
	}
	const keyboard = (e) => Boolean(e.closest('.kiosk-keyboard'));
	controls.forEach((a, i) => controls.slice(i + 1).forEach((b) => {
		const [one, two] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
		const over = Math.min(one.right, two.right) - Math.max(one.left, two.left) > 1 && Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top) > 1;
		if (over && keyboard(a) === keyboard(b))
			faults.push(`${name(a)} lies over ${name(b)}`);
	}));
	if (document.documentElement.scrollWidth > width)
		faults.push(`the page is ${document.documentElement.scrollWidth} px wide`);

	const parse = (colour) => {
		const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
		return { r, g, b, a };
	};
	const over = (top, below) => ({
		r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1,
	});
	const ground = (e) => {
		if (!e)
			return { r: 255, g: 255, b: 255, a: 1 };
		const own = parse(getComputedStyle(e).backgroundColor);
		return own.a === 1 ? own : over(own, ground(e.parentElement));
	};
	const light = (c) => {
		const [r, g, b] = [c.r, c.g, c.b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
	for (const e of document.body.querySelectorAll('*')) {
		const says = e.tagName === 'TEXTAREA' || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
		if (!says || !seen(e) || ['SCRIPT', 'NOSCRIPT', 'TITLE'].includes(e.tagName))
			continue;
		const below = ground(e);
		const ratio = contrast(over(parse(getComputedStyle(e).color), below), below);
		if (ratio < least_contrast)
			faults.push(`${name(e)} has a contrast of ${ratio.toFixed(2)}`);
	}

	// What can be touched is told from what is around it, by its edge or its ground; a link by its words.
	const edge = (e, part) => {
		const style = getComputedStyle(e, part);
		const around = ground(part ? e : e.parentElement);
		const shown = ['Top', 'Bottom', 'Left', 'Right'].filter((side) => parseFloat(style[`border${side}Width`]) >= 1).map((side) => style[`border${side}Color`]);
		const colours = [...shown, style.backgroundColor, ...(style.boxShadow.match(/rgba?\([^)]*\)/g) ?? [])].map(parse);
		return Math.max(...colours.map((c) => contrast(over(c, around), around)));
	};
	for (const e of controls.filter((c) => c.tagName !== 'A')) {
		const ratio = e.type === 'checkbox' ? edge(document.querySelector(`label[for="${e.id}"]`), '::before') : edge(e);
		if (ratio < least_edge)
			faults.push(`${name(e)} is told from its surroundings by a contrast of ${ratio.toFixed(2)}`);
	}

	const root = document.documentElement;
	if (!root.lang || !['ltr', 'rtl'].includes(root.dir))
		faults.push('the page does not say its language and direction');
	if (getComputedStyle(document.body).direction !== root.dir)
		faults.push('the page does not run in its direction');
	return faults;
}
