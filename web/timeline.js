/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Timelines on a canvas: a lane a row.  Spans of each level of detail are sorted by time;
 * a lane is drawn at the finest level that has no more spans in sight than pixels, so the
 * work follows the screen.  Where even the coarsest has more, what falls on the same pixel
 * is drawn once.
 */
'use strict';
(function () {
	const ROW = 22, AXIS = 24;
	const STYLES = { plain: '--kind-kernel', strong: '--kind-kernel', dim: '--kind-group', good: '--kind-jit', warn: '--kind-library', bad: '--diff-up',
		kernel: '--kind-kernel', user: '--kind-user', inlined: '--kind-inlined', library: '--kind-library', jit: '--kind-jit' };

	/* data: { lanes: [names], names: [[name, style]], counts: [[spans by level]] }; the numbers
	   are, for each lane and level: start after the one before, length, name, weight of 255. */
	function read(figure) {
		const table = JSON.parse(figure.querySelector('.lanes').textContent);
		const bytes = sonde.numbers(figure.querySelector('.spans').textContent);
		table.data = table.counts.map((levels) => levels.map(function (n) {
			const l = { n: n, from: new Float64Array(n), to: new Float64Array(n), name: new Uint32Array(n), weight: new Uint8Array(n), longest: 0 };
			let at = 0;
			for (let i = 0; i < n; i++) {
				at += bytes.next();
				l.from[i] = at;
				l.to[i] = at + bytes.next();
				l.name[i] = bytes.next();
				l.weight[i] = bytes.next();
				l.longest = Math.max(l.longest, l.to[i] - at);
			}
			return l;
		}));
		return table;
	}
	/* The first span that could reach beyond X. */
	function first(l, x) {
		let low = 0, high = l.n;
		while (low < high) {
			const mid = (low + high) >> 1;
			if (l.from[mid] + l.longest < x)
				low = mid + 1;
			else
				high = mid;
		}
		return low;
	}
	function last(l, x) {
		let low = 0, high = l.n;
		while (low < high) {
			const mid = (low + high) >> 1;
			if (l.from[mid] <= x)
				low = mid + 1;
			else
				high = mid;
		}
		return low;
	}
	/* 1, 2 or 5 times a power of ten, so that about N steps fit into RANGE. */
	function step(range, n) {
		const raw = range / n, power = Math.pow(10, Math.floor(Math.log10(raw)));
		return [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) || raw;
	}

	/* A moment, as exact as steps of STEP need it: "6.125 s". */
	function moment(ns, step) {
		const scale = Math.abs(ns) >= 1e9 || step >= 1e8 ? 1e9 : Math.abs(ns) >= 1e6 || step >= 1e5 ? 1e6 : 1e3;
		if (step >= 1e9 && Math.abs(ns) >= 119e9)
			return sonde.duration(Math.round(ns / 1e9) * 1e9);
		const decimals = Math.max(0, Math.min(9, -Math.floor(Math.log10(step / scale) + 1e-9)));
		return (ns / scale).toFixed(decimals).replace(/^-(0(\.0*)?)$/, '$1') + (scale === 1e9 ? ' s' : scale === 1e6 ? ' ms' : ' us');
	}

	function Timeline(figure) {
		const t = read(figure), length = +figure.dataset.length, origin = +figure.dataset.origin, key = figure.dataset.key;
		let x0 = 0, x1 = length || 1, colors = null;
		const reset = sonde.make('button', { type: 'button', hidden: true, onclick: () => show(0, length) }, 'Show all');
		const range = sonde.make('span');
		figure.append(sonde.make('div', { class: 'bar-top' }, sonde.make('div', { class: 'tools' }, range, reset, sonde.make('span', { class: 'grow' }),
			sonde.make('span', { class: 'keys' }, 'drag to move, Ctrl and wheel to zoom, double click to zoom in'))));
		const view = sonde.canvas(figure, () => t.lanes.length * ROW + AXIS, 'Timeline of ' + t.lanes.length + ' lanes', draw);
		const labelWidth = () => Math.min(190, view.width * 0.3);

		function show(a, b) {
			const width = Math.max(Math.min(b - a, length), Math.min(100, length));
			x0 = Math.max(0, Math.min(a, length - width));
			x1 = x0 + width;
			reset.hidden = width >= length;
			range.textContent = moment(origin + x0, width / 100) + ' \u2013 ' + moment(origin + x1, width / 100) + (reset.hidden ? '' : '  (' + sonde.duration(width) + ')');
			sonde.place.set(key + '.range', reset.hidden ? null : Math.round(x0) + '-' + Math.round(x1));
			view.soon();
		}
		function levelFor(levels, pixels) {
			for (const l of levels)
				if (l.n && last(l, x1) - first(l, x0) <= pixels)
					return l;
			return levels.slice().reverse().find((l) => l.n) || levels[0];
		}
		function draw(c, width, height, top) {
			colors = colors || { line: sonde.color('--line'), ink: sonde.color('--ink'), soft: sonde.color('--soft'), paper: sonde.color('--paper'), frame: sonde.color('--frame-ink'),
				names: t.names.map(([, style]) => sonde.color(STYLES[style] || '--kind-kernel')) };
			const left = labelWidth(), scale = (width - left) / (x1 - x0);
			c.textBaseline = 'middle';
			for (let i = Math.max(0, Math.floor((top - AXIS) / ROW)); i < t.lanes.length && AXIS + i * ROW - top < height; i++)
				drawLane(c, i, AXIS + i * ROW - top, left, scale, width);
			drawAxis(c, left, scale, width);
		}
		function drawAxis(c, left, scale, width) {
			const s = step(x1 - x0, Math.max(2, (width - left) / 110));
			c.fillStyle = colors.paper;
			c.fillRect(0, 0, width, AXIS);
			c.font = '11px ' + sonde.color('--sans');
			for (let x = Math.ceil((origin + x0) / s) * s - origin; x <= x1; x += s) {
				const px = left + (x - x0) * scale, text = moment(origin + x, s);
				c.fillStyle = colors.line;
				c.fillRect(px, AXIS - 6, 1, 6);
				c.fillStyle = colors.soft;
				c.fillText(text, Math.min(px + 3, width - c.measureText(text).width), AXIS / 2 - 1);
			}
		}
		function drawLane(c, lane, y, left, scale, width) {
			c.fillStyle = colors.line;
			c.fillRect(0, y + ROW - 1, width, 1);
			c.save();
			c.beginPath();
			c.rect(left, y, width - left, ROW);
			c.clip();
			drawSpans(c, levelFor(t.data[lane], width - left), y, left, scale, width);
			c.restore();
			c.font = '12px ' + sonde.color('--mono');
			c.fillStyle = colors.ink;
			let name = t.lanes[lane];
			const room = Math.floor((left - 8) / 7.3);
			if (name.length > room)
				name = name.slice(0, Math.max(1, room - 1)) + '\u2026';
			c.fillText(name, 0, y + ROW / 2);
		}
		function drawSpans(c, l, y, left, scale, width) {
			let drawnTo = -1;
			if (!l)
				return;
			c.font = '11px ' + sonde.color('--mono');
			for (let i = first(l, x0), n = last(l, x1); i < n; i++) {
				const a = left + (l.from[i] - x0) * scale, w = (l.to[i] - l.from[i]) * scale;
				if (a + w < left || (w < 0.5 && a + w < drawnTo + 0.5))
					continue;
				c.globalAlpha = 0.25 + 0.75 * l.weight[i] / 255;
				c.fillStyle = colors.names[l.name[i]];
				c.fillRect(a, y + 2, Math.max(w - (w > 3 ? 0.7 : 0), 0.7), ROW - 5);
				c.globalAlpha = 1;
				drawnTo = a + Math.max(w, 0.7);
				if (w > 40) {
					const start = Math.max(a, left) + 4, room = Math.floor((a + w - start - 4) / 6.7);
					c.fillStyle = colors.frame;
					if (room > 3)
						c.fillText(t.names[l.name[i]][0].slice(0, room), start, y + ROW / 2 - 0.5);
				}
			}
		}
		function at(e) {
			const r = view.canvas.getBoundingClientRect(), lane = Math.floor((e.clientY - r.top + view.top - AXIS) / ROW);
			const left = labelWidth(), x = x0 + (e.clientX - r.left - left) / (view.width - left) * (x1 - x0);
			if (lane < 0 || lane >= t.lanes.length || e.clientX - r.left < left)
				return { lane: lane >= 0 && lane < t.lanes.length ? lane : -1 };
			const l = levelFor(t.data[lane], view.width - left), slack = (x1 - x0) / view.width * 1.5;
			for (let i = l ? last(l, x + slack) - 1 : -1; i >= 0 && l.from[i] + l.longest >= x - slack; i--)
				if (l.to[i] >= x - slack)
					return { lane: lane, level: l, span: i, x: x };
			return { lane: lane, x: x };
		}
		let down = null;
		view.canvas.addEventListener('pointerdown', (e) => { down = { x: e.clientX }; });
		addEventListener('pointerup', () => { down = null; });
		view.canvas.addEventListener('pointermove', function (e) {
			if (down && e.buttons) {
				const by = (down.x - e.clientX) / (view.width - labelWidth()) * (x1 - x0);
				down.x = e.clientX;
				show(x0 + by, x1 + by);
				return;
			}
			const hit = at(e);
			if (hit.lane < 0 || (hit.level === undefined && hit.x !== undefined)) {
				sonde.tip.hide();
				return;
			}
			if (hit.level === undefined) {
				sonde.tip.show(e.clientX, e.clientY, t.lanes[hit.lane]);
				return;
			}
			const l = hit.level, i = hit.span;
			sonde.tip.show(e.clientX, e.clientY, sonde.make('b', {}, t.names[l.name[i]][0] || 'span'), sonde.make('div', {}, t.lanes[hit.lane]),
				sonde.make('div', {}, sonde.duration(l.to[i] - l.from[i]) + ', from ' + moment(origin + l.from[i], (x1 - x0) / 1000) + (l.weight[i] < 255 ? ', ' + sonde.percent(l.weight[i] / 255) + ' full' : '')));
		});
		view.canvas.addEventListener('pointerleave', () => sonde.tip.hide());
		view.canvas.addEventListener('dblclick', function (e) {
			const hit = at(e);
			if (hit.level)
				show(hit.level.from[hit.span] - (hit.level.to[hit.span] - hit.level.from[hit.span]), hit.level.to[hit.span] * 2 - hit.level.from[hit.span]);
			else if (hit.x !== undefined)
				show(hit.x - (x1 - x0) / 6, hit.x + (x1 - x0) / 6);
		});
		view.canvas.addEventListener('wheel', function (e) {
			const sideways = Math.abs(e.deltaX) > Math.abs(e.deltaY);
			if (!e.ctrlKey && !e.metaKey && !sideways)
				return;
			e.preventDefault();
			if (sideways) {
				const by = e.deltaX / view.width * (x1 - x0);
				show(x0 + by, x1 + by);
				return;
			}
			const left = labelWidth(), x = x0 + Math.max(0, e.offsetX - left) / (view.width - left) * (x1 - x0), f = Math.exp(e.deltaY * 0.004);
			show(x - (x - x0) * f, x + (x1 - x) * f);
		}, { passive: false });
		sonde.redraws.unshift(() => { colors = null; });
		const wanted = /^(\d+)-(\d+)$/.exec(sonde.place.get(key + '.range') || '');
		show(wanted ? +wanted[1] : 0, wanted ? +wanted[2] : length);
		return { key: key, show: show, paint: view.paint, state: () => ({ x0: x0, x1: x1, lanes: t.lanes.length }) };
	}
	sonde.timelines = [...document.querySelectorAll('figure.timeline')].filter((f) => f.querySelector('.spans')).map(Timeline);
})();
