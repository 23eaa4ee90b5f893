/**
 * The messages nobody may receive now (received or delayed), ordered by the moment they become visible. Each item knows
 * its own place in the heap, so a delete is O(log n) and leaves nothing behind: with lazy deletion a fast consumer would
 * keep every body of the last visibility timeout in memory.
 */
export interface Hidden {
  nextVisibleTime: number;
  /** Position in the heap, -1 while not in it. Owned by the heap. */
  heapIndex: number;
}

export class HiddenHeap<T extends Hidden> {
  #items: T[] = [];

  get first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#items.push(item);
    this.#up(item, this.#items.length - 1);
  }

  remove(item: T): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#up(last, index);
    this.#down(last, last.heapIndex);
  }

  #up(item: T, start: number): void {
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex];
      if (parent === undefined || parent.nextVisibleTime <= item.nextVisibleTime) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(item, index);
  }

  #down(item: T, start: number): void {
    let index = start;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = this.#items[childIndex];
      const right = this.#items[childIndex + 1];
      if (child !== undefined && right !== undefined && right.nextVisibleTime < child.nextVisibleTime) {
        child = right;
        childIndex += 1;
      }
      if (child === undefined || child.nextVisibleTime >= item.nextVisibleTime) break;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(item, index);
  }

  #put(item: T, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }
}
