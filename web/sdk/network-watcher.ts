/** `navigator.connection` of the Network Information API, which only some browsers have. */
interface NetworkInformation {
  addEventListener(type: 'change', listener: () => void): void;
  removeEventListener(type: 'change', listener: () => void): void;
}

/** Calls `onChanged` when the machine is online again or its network changed. Returns a function that ends it. */
export function watchNetwork(onChanged: () => void): () => void {
  const { connection } = navigator as Navigator & { connection?: NetworkInformation };
  window.addEventListener('online', onChanged);
  connection?.addEventListener('change', onChanged);
  return () => {
    window.removeEventListener('online', onChanged);
    connection?.removeEventListener('change', onChanged);
  };
}
