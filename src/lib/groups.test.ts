import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Groups } from './groups.ts';

it('holds what a Map of Sets holds', () => {
  const members = [{}, {}, {}];
  const step = fc.record({ add: fc.boolean(), key: fc.nat(2), member: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const groups = new Groups<number, object>();
      const model = new Map<number, Set<object>>();
      for (const { add, key, member } of steps) {
        const value = members[member] ?? {};
        const there = model.get(key) ?? new Set();
        if (add) {
          groups.add(key, value);
          model.set(key, there.add(value));
        } else {
          groups.delete(key, value);
          there.delete(value);
          if (there.size === 0) model.delete(key);
        }
        expect(groups.size).toBe(model.size);
        for (const one of [0, 1, 2]) expect([...groups.of(one)]).toEqual([...(model.get(one) ?? [])]);
      }
    }),
  );
});
