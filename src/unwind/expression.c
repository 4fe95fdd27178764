/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A stack machine.  Branches can go backwards, so the number of steps is bounded; the stack
 * is small, since what compilers and assemblers write in CFI needs four or five places.
 */
#include "unwind/expression.h"

enum { DEPTH_MAX = 32, STEPS_MAX = 1000 };

enum {
	OP_ADDR = 0x03, OP_DEREF = 0x06, OP_CONST1U = 0x08, OP_CONST8S = 0x0f, OP_CONSTU = 0x10, OP_CONSTS = 0x11,
	OP_DUP = 0x12, OP_DROP, OP_OVER, OP_PICK, OP_SWAP, OP_ROT,
	OP_ABS = 0x19, OP_AND, OP_DIV, OP_MINUS, OP_MOD, OP_MUL, OP_NEG, OP_NOT, OP_OR, OP_PLUS,
	OP_PLUS_UCONST, OP_SHL, OP_SHR, OP_SHRA, OP_XOR, OP_BRA, OP_EQ, OP_GE, OP_GT, OP_LE, OP_LT, OP_NE,
	OP_SKIP, OP_LIT0 = 0x30, OP_LIT31 = 0x4f, OP_BREG0 = 0x70, OP_BREG31 = 0x8f, OP_BREGX = 0x92,
	OP_DEREF_SIZE = 0x94, OP_NOP = 0x96,
};

struct stack_machine {
	const struct unwind_expression *e;
	struct cursor c;
	uint64_t stack[DEPTH_MAX];
	unsigned depth;
	enum unwind_why why;    /* set when it fails */
};

static void fail(struct stack_machine *s, enum unwind_why why)
{
	if (s->why == UNWIND_WHY_NONE)
		s->why = why;
}

static void push(struct stack_machine *s, uint64_t value)
{
	if (s->depth == DEPTH_MAX)
		fail(s, UNWIND_WHY_FRAME);
	else
		s->stack[s->depth++] = s->e->machine->word_bytes == 4 ? (uint32_t)value : value;
}

static uint64_t pop(struct stack_machine *s)
{
	if (s->depth == 0) {
		fail(s, UNWIND_WHY_FRAME);
		return 0;
	}
	return s->stack[--s->depth];
}

static uint64_t peek(struct stack_machine *s, unsigned below)
{
	if (below >= s->depth) {
		fail(s, UNWIND_WHY_FRAME);
		return 0;
	}
	return s->stack[s->depth - 1 - below];
}

static int64_t as_signed(const struct stack_machine *s, uint64_t v)
{
	return s->e->machine->word_bytes == 4 ? (int32_t)v : (int64_t)v;
}

static void push_register(struct stack_machine *s, uint64_t reg)
{
	int64_t offset = cursor_sleb(&s->c);

	if (reg >= UNWIND_REGISTERS || !(s->e->regs->known >> reg & 1))
		fail(s, UNWIND_WHY_REGISTERS);
	else
		push(s, s->e->regs->value[reg] + (uint64_t)offset);
}

static void push_memory(struct stack_machine *s, unsigned size_bytes)
{
	uint64_t addr = pop(s);
	uint8_t bytes[8] = { 0 };

	if (s->why != UNWIND_WHY_NONE)
		return;
	if (size_bytes > 8 || size_bytes == 0) {
		fail(s, UNWIND_WHY_FRAME);
		return;
	}
	if (!s->e->memory->read(s->e->memory->user, addr, bytes, size_bytes)) {
		fail(s, UNWIND_WHY_MEMORY);
		return;
	}

	struct cursor c = cursor_of((struct bytes){ bytes, size_bytes }, s->e->big_endian);

	push(s, cursor_unsigned(&c, size_bytes));
}

static void push_constant(struct stack_machine *s, uint8_t op)
{
	unsigned size_bytes = 1u << (op - OP_CONST1U) / 2;
	uint64_t v = cursor_unsigned(&s->c, size_bytes);

	if ((op & 1) && size_bytes < 8) /* the signed ones */
		v = (uint64_t)((int64_t)(v << (64 - 8 * size_bytes)) >> (64 - 8 * size_bytes));
	push(s, v);
}

static uint64_t divide(struct stack_machine *s, uint64_t a, uint64_t b)
{
	int64_t x = as_signed(s, a), y = as_signed(s, b);

	if (y == 0) {
		fail(s, UNWIND_WHY_FRAME);
		return 0;
	}
	return y == -1 ? 0 - (uint64_t)x : (uint64_t)(x / y);
}

static uint64_t shift(const struct stack_machine *s, uint8_t op, uint64_t a, uint64_t by)
{
	unsigned bits = s->e->machine->word_bytes * 8u;

	if (op == OP_SHRA)
		return (uint64_t)(as_signed(s, a) >> (by < bits ? by : bits - 1));
	if (by >= bits)
		return 0;
	return op == OP_SHL ? a << by : a >> by;
}

static bool compare(const struct stack_machine *s, uint8_t op, uint64_t a, uint64_t b)
{
	int64_t x = as_signed(s, a), y = as_signed(s, b);

	switch (op) {
	case OP_EQ:
		return x == y;
	case OP_GE:
		return x >= y;
	case OP_GT:
		return x > y;
	case OP_LE:
		return x <= y;
	case OP_LT:
		return x < y;
	default:
		return x != y;
	}
}

/* Two operands, the second on top; false: OP is none of these. */
static bool run_binary(struct stack_machine *s, uint8_t op)
{
	if (op < OP_AND || op > OP_NE || op == OP_NEG || op == OP_NOT || op == OP_PLUS_UCONST || op == OP_BRA)
		return false;

	uint64_t b = pop(s), a = pop(s);

	switch (op) {
	case OP_AND:
		push(s, a & b);
		break;
	case OP_OR:
		push(s, a | b);
		break;
	case OP_XOR:
		push(s, a ^ b);
		break;
	case OP_PLUS:
		push(s, a + b);
		break;
	case OP_MINUS:
		push(s, a - b);
		break;
	case OP_MUL:
		push(s, a * b);
		break;
	case OP_DIV:
		push(s, divide(s, a, b));
		break;
	case OP_MOD:
		if (b == 0)
			fail(s, UNWIND_WHY_FRAME);
		else
			push(s, a % b);
		break;
	case OP_SHL:
	case OP_SHR:
	case OP_SHRA:
		push(s, shift(s, op, a, b));
		break;
	default:
		push(s, compare(s, op, a, b));
		break;
	}
	return true;
}

static void jump(struct stack_machine *s, bool taken)
{
	int16_t distance = (int16_t)cursor_u16(&s->c);
	ptrdiff_t at = s->c.at - s->e->code.data + distance;

	if (!taken || s->c.bad)
		return;
	if (at < 0 || (size_t)at > s->e->code.size_bytes)
		fail(s, UNWIND_WHY_FRAME);
	else
		s->c.at = s->e->code.data + at;
}

/* Moving what is on the stack; false: OP is none of these. */
static bool run_stack(struct stack_machine *s, uint8_t op)
{
	uint64_t a, b, c;

	switch (op) {
	case OP_DUP:
		push(s, peek(s, 0));
		return true;
	case OP_DROP:
		pop(s);
		return true;
	case OP_OVER:
		push(s, peek(s, 1));
		return true;
	case OP_PICK:
		push(s, peek(s, cursor_u8(&s->c)));
		return true;
	case OP_SWAP:
		a = pop(s);
		b = pop(s);
		push(s, a);
		push(s, b);
		return true;
	case OP_ROT: /* the top goes below the two others */
		a = pop(s);
		b = pop(s);
		c = pop(s);
		push(s, a);
		push(s, c);
		push(s, b);
		return true;
	default:
		return false;
	}
}

static void run_other(struct stack_machine *s, uint8_t op)
{
	uint64_t a;

	switch (op) {
	case OP_ADDR:
		push(s, cursor_unsigned(&s->c, s->e->machine->word_bytes) + s->e->bias);
		break;
	case OP_DEREF:
		push_memory(s, s->e->machine->word_bytes);
		break;
	case OP_DEREF_SIZE:
		push_memory(s, cursor_u8(&s->c));
		break;
	case OP_CONSTU:
		push(s, cursor_uleb(&s->c));
		break;
	case OP_CONSTS:
		push(s, (uint64_t)cursor_sleb(&s->c));
		break;
	case OP_ABS:
		a = pop(s);
		push(s, as_signed(s, a) < 0 ? 0 - a : a);
		break;
	case OP_NEG:
		push(s, 0 - pop(s));
		break;
	case OP_NOT:
		push(s, ~pop(s));
		break;
	case OP_PLUS_UCONST:
		a = pop(s);
		push(s, a + cursor_uleb(&s->c));
		break;
	case OP_BRA:
		jump(s, pop(s) != 0);
		break;
	case OP_SKIP:
		jump(s, true);
		break;
	case OP_BREGX:
		push_register(s, cursor_uleb(&s->c));
		break;
	case OP_NOP:
		break;
	default:
		fail(s, UNWIND_WHY_FRAME);
	}
}

static void run_one(struct stack_machine *s, uint8_t op)
{
	if (op >= OP_LIT0 && op <= OP_LIT31)
		push(s, op - OP_LIT0);
	else if (op >= OP_BREG0 && op <= OP_BREG31)
		push_register(s, op - OP_BREG0);
	else if (op >= OP_CONST1U && op <= OP_CONST8S)
		push_constant(s, op);
	else if (!run_stack(s, op) && !run_binary(s, op))
		run_other(s, op);
}

bool unwind_expression_run(const struct unwind_expression *e, uint64_t *ret, enum unwind_why *why)
{
	struct stack_machine s;

	s.e = e;
	s.c = cursor_of(e->code, e->big_endian);
	s.depth = 0;
	s.why = UNWIND_WHY_NONE;
	if (e->has_initial)
		push(&s, e->initial);
	for (unsigned steps = 0; !cursor_done(&s.c) && s.why == UNWIND_WHY_NONE; steps++) {
		if (steps == STEPS_MAX)
			fail(&s, UNWIND_WHY_FRAME);
		run_one(&s, cursor_u8(&s.c));
	}
	if (s.c.bad)
		fail(&s, UNWIND_WHY_FRAME);
	*ret = pop(&s);
	*why = s.why;
	return s.why == UNWIND_WHY_NONE;
}
