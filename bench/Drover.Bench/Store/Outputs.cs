using System.Diagnostics;
using Drover.Output;
using Drover.Storage;

namespace Drover.Bench.Store;

/// <summary>How fast output is stored, from one job, with a few calls under way.</summary>
internal static class Outputs
{
    public static async Task RunAsync(IJobStore store, int size, double seconds)
    {
        await store.EnqueueAsync(new(Life.Spec(1)));
        var lease = (await store.LeaseAsync(Life.Request with { Max = 1 }))[0];
        byte[] bytes = new byte[size];
        Random.Shared.NextBytes(bytes);
        int perCall = size > 1000 ? 16 : 500;
        long seq = 0, stored = 0;
        var clock = Stopwatch.StartNew();
        var under = new Queue<Task<bool>>();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            var entries = new OutputEntry[perCall];
            for (int n = 0; n < perCall; n++)
                entries[n] = new(++seq, TimeProvider.System.GetUtcNow(), 1, OutputStream.Stdout, bytes);
            under.Enqueue(store.AppendOutputAsync(lease.Token, entries, null).AsTask());
            stored += (long)perCall * size;
            if (under.Count >= 4 && !await under.Dequeue())
                throw new InvalidOperationException("The lease was lost.");
        }

        await Task.WhenAll(under);
        Console.WriteLine($"Entries of {size:N0} bytes: {stored / clock.Elapsed.TotalSeconds / 1e6:N0} MB/s, {seq / clock.Elapsed.TotalSeconds:N0} entries/s");
    }
}
