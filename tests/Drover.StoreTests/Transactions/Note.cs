using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Serialization;
using Drover.Brokers;
using Drover.Hosting;
using Drover.Jobs;

namespace Drover.StoreTests.Transactions;

[JobKind("note")]
public sealed record Note(string Text);

[JsonSerializable(typeof(Note))]
internal sealed partial class NoteJson : JsonSerializerContext;

/// <summary>What the handlers of a test's programs ran.</summary>
internal sealed class Notes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public ConcurrentQueue<string> Ran { get; } = new();

    public void Handle(DroverBuilder drover)
    {
        drover.Worker = drover.Worker with { Slots = 1, Queues = [new("*")] };
        drover.AddHandler(NoteJson.Default.Note, (job, _, _) =>
        {
            Ran.Enqueue(job.Text);
            return default;
        });
    }

    public static async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        long began = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"It did not happen that {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    public Task RunAsync(params string[] expected) => UntilAsync($"[{string.Join(", ", expected)}] ran, but [{string.Join(", ", Ran)}]", () => Task.FromResult(expected.All(Ran.Contains)));

    public static async Task<Job?> JobAsync(IBroker broker, Guid id) => (await broker.GetAsync([id]))[0];

    public static async Task<long> CountAsync(IBroker broker) => (await broker.CountAsync(JobFilter.All)).Total;
}
