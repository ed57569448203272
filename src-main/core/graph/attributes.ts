import { UserError } from '../errors.ts'
import type { AttributeValue, Node, Tensor } from './graph.ts'

/** Typed access to a node's attributes, with ONNX's default; throws 'bad-attribute' where the type is another. */
/** `fallback` without the attribute. @throws UserError bad-attribute if it is of another kind, as all of these */
export function intAttribute(node: Node, name: string, fallback: number): number {
  const value = attribute(node, name)
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw badAttribute(node, name, 'an integer')
  return value
}

/** A finite number; `fallback` without the attribute. @throws UserError bad-attribute */
export function floatAttribute(node: Node, name: string, fallback: number): number {
  const value = attribute(node, name)
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isFinite(value)) throw badAttribute(node, name, 'a number')
  return value
}

/** A text; `fallback` without the attribute. @throws UserError bad-attribute */
export function stringAttribute(node: Node, name: string, fallback: string): string {
  const value = attribute(node, name)
  if (value === undefined) return fallback
  if (typeof value !== 'string') throw badAttribute(node, name, 'a string')
  return value
}

/** A list of integers; undefined without the attribute, so that the caller knows the default. @throws UserError bad-attribute */
export function intsAttribute(node: Node, name: string): readonly number[] | undefined {
  const value = attribute(node, name)
  if (value === undefined) return undefined
  if (!isNumbers(value) || !value.every(Number.isSafeInteger)) throw badAttribute(node, name, 'a list of integers')
  return value
}

/** A list of numbers; undefined without the attribute. @throws UserError bad-attribute */
export function floatsAttribute(node: Node, name: string): readonly number[] | undefined {
  const value = attribute(node, name)
  if (value === undefined) return undefined
  if (!isNumbers(value)) throw badAttribute(node, name, 'a list of numbers')
  return value
}

/** A tensor; undefined without the attribute. @throws UserError bad-attribute */
export function tensorAttribute(node: Node, name: string): Tensor | undefined {
  const value = attribute(node, name)
  if (value === undefined) return undefined
  if (typeof value !== 'object' || !('data' in value)) throw badAttribute(node, name, 'a tensor')
  return value
}

/** An attribute that must be one of a few words. */
export function wordAttribute<W extends string>(node: Node, name: string, words: readonly W[], fallback: W): W {
  const value = stringAttribute(node, name, fallback)
  const word = words.find((candidate) => candidate === value)
  if (word === undefined) throw badAttribute(node, name, `one of ${words.join(', ')}`)
  return word
}

export const hasAttribute = (node: Node, name: string): boolean => Object.hasOwn(node.attributes, name)

/** The error of an attribute whose value is of another kind than the operator takes. */
export function badAttribute(node: Node, name: string, expected: string): UserError {
  return new UserError('bad-attribute', `${node.operator} “${node.name}”: attribute “${name}” must be ${expected}.`, {
    where: { node: node.name, operator: node.operator },
  })
}

const attribute = (node: Node, name: string): AttributeValue | undefined =>
  hasAttribute(node, name) ? node.attributes[name] : undefined

const isNumbers = (value: AttributeValue): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number')
