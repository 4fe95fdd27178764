/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all of the page shares: theme, contents, tables (sort, filter, fold), numbers as
 * people read them, and the place in the URL.  The page reads well without any of it.
 */
'use strict';
const sonde = {};
document.documentElement.classList.add('js');

/* --- elements and numbers ---------------------------------------------------------------- */

sonde.make = function (tag, attributes, ...children) {
	const e = document.createElement(tag);
	for (const [k, v] of Object.entries(attributes || {}))
		if (k.startsWith('on'))
			e.addEventListener(k.slice(2), v);
		else if (v !== false && v !== null && v !== undefined)
			e.setAttribute(k, v === true ? '' : v);
	e.append(...children);
	return e;
};

/* As base/units.c: below 100 one decimal, the unit picked after rounding. */
sonde.scaled = function (n, factors, units) {
	const size = Math.abs(n);
	let i = 0;
	for (; i + 1 < units.length; i++) {
		const shown = size / factors[i], next = factors[i + 1] / factors[i];
		if ((i === 0 || shown < 100 ? Math.round(shown * 10) / 10 : Math.round(shown)) < next)
			break;
	}
	const v = size / factors[i], whole = Math.round(v * 10) / 10 >= 100 || (i === 0 && v === Math.floor(v));
	return (n < 0 ? '-' : '') + v.toFixed(whole ? 0 : 1) + ' ' + units[i];
};
sonde.count = function (n) {
	return Number.isInteger(n) ? n.toLocaleString('en-US') : n.toLocaleString('en-US', { maximumSignificantDigits: 4 });
};
sonde.duration = function (ns) {
	const s = Math.abs(ns) / 1e9;
	if (s < 119.95)
		return ns === 0 ? '0 s' : sonde.scaled(Math.abs(ns) < 1e3 ? Math.round(ns) : ns, [1, 1e3, 1e6, 1e9], ['ns', 'us', 'ms', 's']);
	const total = Math.round(s), sign = ns < 0 ? '-' : '';
	if (total < 3600)
		return sign + Math.floor(total / 60) + ' min' + (total % 60 ? ' ' + total % 60 + ' s' : '');
	const minutes = Math.round(s / 60);
	if (minutes < 1440)
		return sign + Math.floor(minutes / 60) + ' h' + (minutes % 60 ? ' ' + minutes % 60 + ' min' : '');
	const hours = Math.round(s / 3600);
	return sign + Math.floor(hours / 24) + ' d' + (hours % 24 ? ' ' + hours % 24 + ' h' : '');
};
sonde.amount = function (n, unit, name) {
	if (unit === 'duration')
		return sonde.duration(n);
	if (unit === 'bytes')
		return sonde.scaled(n, [1, 1024, 1048576, 1073741824, 1099511627776], ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
	return sonde.count(n) + (name ? ' ' + name : '');
};
sonde.percent = function (ratio) {
	const p = ratio * 100, size = Math.abs(p);
	if (!isFinite(p))
		return '-';
	return size === 0 ? '0 %' : size < 0.05 ? (p < 0 ? '>-0.1 %' : '<0.1 %') : p.toFixed(size < 9.95 ? 1 : 0) + ' %';
};

/* --- bytes: base64 of LEB128 numbers (up to 2^53, so no bit operators) ------------------------- */

sonde.numbers = function (base64) {
	const text = atob(base64.replace(/\s+/g, '')), length = text.length;
	let at = 0;
	return {
		more: () => at < length,
		next: function () {
			let value = 0, factor = 1, byte;
			do {
				byte = text.charCodeAt(at++);
				value += (byte & 127) * factor;
				factor *= 128;
			} while (byte & 128);
			return value;
		},
		/* As html.c writes amounts: even is a whole number, odd in parts of 1024. */
		amount: function () {
			const n = this.next();
			return n % 2 ? (n - 1) / 2048 : n / 2;
		}
	};
};

/* --- the URL says what is shown, so that a link shows it again ----------------------------------- */

sonde.place = {
	get: (key) => new URLSearchParams(location.hash.slice(1)).get(key),
	set: function (key, value) {
		const p = new URLSearchParams(location.hash.slice(1));
		if (value === null || value === '' || value === undefined)
			p.delete(key);
		else
			p.set(key, value);
		const text = p.toString();
		history.replaceState(null, '', text ? '#' + text : location.pathname + location.search);
	}
};

/* --- theme ------------------------------------------------------------------------------------------ */

sonde.redraws = [];
sonde.redraw = () => sonde.redraws.forEach((f) => f());
sonde.dark = function () {
	const chosen = document.documentElement.dataset.theme;
	return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
};
sonde.color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
(function theme() {
	const button = sonde.make('button', { class: 'theme', type: 'button', title: 'Light or dark' });
	const label = () => { button.textContent = sonde.dark() ? 'Light' : 'Dark'; };
	const set = (value) => {
		document.documentElement.dataset.theme = value;
		label();
		sonde.redraw();
	};
	button.addEventListener('click', () => set(sonde.dark() ? 'light' : 'dark'));
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { label(); sonde.redraw(); });
	let before = null;
	addEventListener('beforeprint', () => { before = document.documentElement.dataset.theme || ''; set('light'); });
	addEventListener('afterprint', () => {
		document.documentElement.dataset.theme = before;
		if (!before)
			delete document.documentElement.dataset.theme;
		label();
		sonde.redraw();
	});
	label();
	document.querySelector('header').append(button);
})();

/* --- contents ----------------------------------------------------------------------------------------- */

(function contents() {
	/* What is not known or was lost belongs to the top, whenever the view got to know it. */
	const late = document.querySelectorAll('main > h2 ~ .warning, main > section ~ .warning, main > figure ~ .warning, main > .tablebox ~ .warning');
	const start = document.querySelector('main > h2, main > section, main > figure, main > .tablebox');
	late.forEach((w) => start.before(w));

	const heads = [...document.querySelectorAll('h2[id]')];
	const low = document.querySelectorAll('section .warning').length;
	const nav = sonde.make('nav', { class: 'contents', 'aria-label': 'Contents' });
	const go = (id) => (e) => { e.preventDefault(); document.getElementById(id).scrollIntoView({ behavior: 'smooth' }); };
	if (heads.length > 1)
		heads.forEach((h) => nav.append(sonde.make('a', { href: '#' + h.id, onclick: go(h.id) }, h.textContent)));
	if (low) {
		const first = document.querySelector('section .warning');
		first.id = first.id || 'warnings';
		nav.append(sonde.make('a', { href: '#' + first.id, class: 'warn', onclick: go(first.id) },
			low + (low === 1 ? ' warning' : ' warnings') + ' below'));
	}
	if (nav.childElementCount)
		document.querySelector('header').append(nav);
})();

/* --- tables --------------------------------------------------------------------------------------------- */

(function tables() {
	const FIRST = 200; /* rows shown before "show all" */

	function value(row, column) {
		const cell = row.cells[column];
		if (cell.dataset.v !== undefined)
			return cell.dataset.v === '' ? null : +cell.dataset.v;
		return cell.textContent.toLowerCase();
	}
	function sort(t, column) {
		const head = t.heads[column], was = head.getAttribute('aria-sort');
		const down = was ? was === 'ascending' : head.classList.contains('n');
		t.heads.forEach((h) => h.removeAttribute('aria-sort'));
		head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
		const keyed = t.rows.map((r) => [value(r, column), r]);
		keyed.sort(function ([a], [b]) {
			if (a === b)
				return 0;
			if (a === null || b === null)
				return a === null ? 1 : -1;
			return (a < b ? -1 : 1) * (down ? -1 : 1);
		});
		t.rows = keyed.map(([, r]) => r);
		t.body.append(...t.rows);
		show(t);
	}
	function show(t) {
		let shown = 0, fits = 0;
		const text = t.filter ? t.filter.value.trim().toLowerCase() : '';
		for (const row of t.rows) {
			const hit = !text || row.textContent.toLowerCase().includes(text);
			fits += hit;
			row.hidden = !hit || (!t.all && shown >= FIRST);
			shown += !row.hidden;
		}
		if (t.note)
			t.note.textContent = text ? sonde.count(fits) + ' of ' + sonde.count(t.rows.length) + ' rows' : '';
		t.more.hidden = fits <= shown;
		t.more.textContent = 'Show ' + sonde.count(fits - shown) + ' more rows';
	}
	function start(box) {
		const table = box.querySelector('table'), t = { body: table.tBodies[0], heads: [...table.tHead.rows[0].cells], all: false };
		t.rows = [...t.body.rows];
		t.more = sonde.make('button', { type: 'button', onclick: () => { t.all = true; show(t); } });
		box.append(t.more);
		t.heads.forEach(function (h, i) {
			h.tabIndex = 0;
			h.addEventListener('click', () => sort(t, i));
			h.addEventListener('keydown', (e) => { if (e.key === 'Enter') sort(t, i); });
		});
		if (t.rows.length > 8) {
			t.filter = sonde.make('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter rows', oninput: () => show(t) });
			t.note = sonde.make('span');
			box.prepend(sonde.make('div', { class: 'tools' }, t.filter, t.note));
		}
		show(t);
	}
	document.querySelectorAll('.tablebox:not(.istree)').forEach(start);

	/* Trees: fold what is below a node. */
	function fold(rows, i, folded) {
		const depth = +rows[i].dataset.d;
		let hideBelow = folded ? depth : Infinity;
		rows[i].dataset.folded = folded ? '1' : '';
		rows[i].querySelector('.fold').textContent = folded ? '\u25b8' : '\u25be';
		for (let k = i + 1; k < rows.length && +rows[k].dataset.d > depth; k++) {
			const d = +rows[k].dataset.d;
			if (d <= hideBelow && !(folded && hideBelow === depth))
				hideBelow = Infinity;
			rows[k].hidden = d > hideBelow;
			if (hideBelow === Infinity && rows[k].dataset.folded)
				hideBelow = d;
		}
	}
	document.querySelectorAll('.tablebox.istree').forEach(function (box) {
		const rows = [...box.querySelector('tbody').rows];
		rows.forEach(function (row, i) {
			const mark = row.querySelector('.fold'), has = i + 1 < rows.length && +rows[i + 1].dataset.d > +row.dataset.d;
			mark.textContent = has ? '\u25be' : '';
			if (has)
				mark.addEventListener('click', () => fold(rows, i, !row.dataset.folded));
		});
		if (rows.length > 150)
			for (let i = rows.length - 1; i >= 0; i--)
				if (+rows[i].dataset.d >= 2 && rows[i].querySelector('.fold').textContent)
					fold(rows, i, true);
	});
})();

/* --- a canvas in a tall box: only what is on the screen is drawn ------------------------------------------- */

/* DRAW(context, width, height, top) paints the part that starts TOP pixels down. */
sonde.canvas = function (figure, height, label, draw) {
	const canvas = sonde.make('canvas', { tabindex: 0, role: 'img', 'aria-label': label });
	const box = sonde.make('div', { class: 'canvasbox' }, canvas);
	const v = { canvas: canvas, box: box, width: 0, height: 0, top: 0, pending: false, height_total: height };
	const bar = figure.querySelector('.bar-top');

	v.layout = function () {
		const sticky = bar ? bar.offsetHeight : 0;
		box.style.height = v.height_total() + 'px';
		canvas.style.top = sticky + 'px';
		v.width = box.clientWidth;
		v.height = Math.min(v.height_total(), Math.max(200, innerHeight - sticky));
		const scale = Math.min(devicePixelRatio || 1, 3);
		canvas.style.height = v.height + 'px';
		canvas.width = Math.max(1, Math.round(v.width * scale));
		canvas.height = Math.max(1, Math.round(v.height * scale));
		v.scale = scale;
		v.paint();
	};
	v.paint = function () {
		v.top = Math.max(0, Math.min(canvas.getBoundingClientRect().top - box.getBoundingClientRect().top, v.height_total() - v.height));
		const c = canvas.getContext('2d');
		c.setTransform(v.scale, 0, 0, v.scale, 0, 0);
		c.clearRect(0, 0, v.width, v.height);
		draw(c, v.width, v.height, v.top);
	};
	v.soon = function () {
		if (v.pending)
			return;
		v.pending = true;
		requestAnimationFrame(() => { v.pending = false; v.paint(); });
	};
	figure.append(box);
	addEventListener('scroll', v.soon, { passive: true });
	/* Only a new width matters; layout() itself changes the height. */
	new ResizeObserver(() => { if (box.clientWidth !== v.width) requestAnimationFrame(v.layout); }).observe(box);
	addEventListener('resize', () => requestAnimationFrame(v.layout));
	sonde.redraws.push(v.layout);
	v.layout_later = requestAnimationFrame(v.layout);
	return v;
};

/* One tooltip for the page. */
sonde.tip = (function () {
	const tip = sonde.make('div', { class: 'tip', hidden: true });
	document.body.append(tip);
	return {
		show: function (x, y, ...content) {
			tip.replaceChildren(...content);
			tip.hidden = false;
			const r = tip.getBoundingClientRect();
			tip.style.left = Math.max(6, Math.min(x + 14, innerWidth - r.width - 6)) + 'px';
			tip.style.top = (y + 18 + r.height > innerHeight ? Math.max(6, y - r.height - 12) : y + 18) + 'px';
		},
		hide: function () { tip.hidden = true; }
	};
})();
