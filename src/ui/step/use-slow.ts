import { useEffect, useState } from 'react';

/** What takes longer says that it is at work. */
const SLOW_MS = 250;

/** Whether something has been going on for so long that one wonders. */
export function useSlow(isWorking: boolean): boolean {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!isWorking) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [isWorking]);
  return isSlow && isWorking;
}
