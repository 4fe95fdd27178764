/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hand-written assembly with CFI, in manners that compilers do not have.  x86-64. */
	.text

/* An ordinary frame with pushes between, and a second way out (remember, restore). */
	.globl	asm_frames
	.type	asm_frames, @function
asm_frames:
	.cfi_startproc
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	subq	$24, %rsp
	.cfi_adjust_cfa_offset 24
	movl	$77, %ebp		/* not a frame pointer */
	movl	%esi, %ebx
	xchgq	%rdi, %rax
	movl	%ebx, %edi
	call	*%rax
	addl	%ebx, %eax
	cmpl	$0x7fffffff, %eax
	je	1f
	addq	$24, %rsp
	.cfi_remember_state
	.cfi_adjust_cfa_offset -24
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	ret
1:	.cfi_restore_state
	addq	$24, %rsp
	.cfi_adjust_cfa_offset -24
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	movl	$1, %eax
	ret
	.cfi_endproc
	.size	asm_frames, . - asm_frames

/* The frame is found through rbx, as in the dynamic linker's resolver. */
	.globl	asm_own_base
	.type	asm_own_base, @function
asm_own_base:
	.cfi_startproc
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	movq	%rsp, %rbx
	.cfi_def_cfa_register %rbx
	subq	$200, %rsp
	andq	$-64, %rsp
	movq	%rdi, %rax
	movl	%esi, %edi
	call	*%rax
	movq	%rbx, %rsp
	.cfi_def_cfa_register %rsp
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	ret
	.cfi_endproc
	.size	asm_own_base, . - asm_own_base

/* The caller's stack pointer is a word on the stack, as in OpenSSL's assembly. */
	.globl	asm_deref
	.type	asm_deref, @function
asm_deref:
	.cfi_startproc
	movq	%rsp, %rax
	.cfi_def_cfa_register %rax
	pushq	%rbp
	.cfi_offset %rbp, -16
	subq	$120, %rsp
	andq	$-32, %rsp
	movq	%rax, 32(%rsp)
	/* DW_CFA_def_cfa_expression: breg7 32, deref, plus_uconst 8 */
	.cfi_escape 0x0f, 0x05, 0x77, 0x20, 0x06, 0x23, 0x08
	movq	%rdi, %rax
	movl	%esi, %edi
	call	*%rax
	movq	32(%rsp), %rcx
	.cfi_def_cfa %rcx, 8
	movq	-8(%rcx), %rbp
	.cfi_restore %rbp
	leaq	(%rcx), %rsp
	.cfi_def_cfa_register %rsp
	ret
	.cfi_endproc
	.size	asm_deref, . - asm_deref

	.section .note.GNU-stack, "", @progbits
