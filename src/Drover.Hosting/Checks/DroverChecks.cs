using Drover.Brokers;
using Drover.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Drover.Hosting;

/// <summary>Asked before a deployment: can the new build read what waits in the queue?</summary>
public static class DroverChecks
{
    /// <summary>The job types that this program runs, each kind in each version it can read: what <c>drover job check --kinds FILE</c> takes.</summary>
    /// <exception cref="InvalidOperationException"><c>AddDrover</c> was not called.</exception>
    public static IReadOnlyList<string> GetDroverJobTypes(this IServiceProvider services) =>
        [.. services.GetRequiredService<KnownKinds>().Handled.Order(StringComparer.Ordinal)];

    /// <summary>
    /// Reads the payload of every task that has not ended as the worker would, upgraders included, and runs none. The program need not
    /// have been started.
    /// </summary>
    /// <exception cref="Storage.StoreUnavailableException">The store or the queue server is away.</exception>
    public static async ValueTask<JobCheckReport> CheckDroverJobsAsync(this IServiceProvider services, CancellationToken cancel = default)
    {
        var broker = services.GetRequiredService<IBroker>();
        var kinds = new Dictionary<string, JobKindInfo>(StringComparer.Ordinal);
        foreach (var kind in services.GetRequiredService<KnownKinds>().All.Where(kind => kind.HasHandler))
        {
            foreach (string type in kind.JobTypes)
                kinds.Add(type, kind);
        }

        var seen = new SortedDictionary<string, CheckedType>(StringComparer.Ordinal);
        var unfinished = new JobFilter { Kind = JobKind.Task, Statuses = [JobStatus.Scheduled, JobStatus.Queued, JobStatus.Running, JobStatus.Retrying] };
        string? cursor = null;
        do
        {
            var page = await broker.ListAsync(new(unfinished, JobSort.CreatedDescending, 500, cursor), cancel);
            foreach (var job in page.Items)
            {
                var task = job.Spec.Task!;
                string? fault = kinds.TryGetValue(task.JobType, out var kind) ? kind.FaultOf(task.JobType, task.Payload) : "no handler here for this kind and version";
                var sum = seen.GetValueOrDefault(task.JobType) ?? new(task.JobType, 0, 0, null, []);
                seen[task.JobType] = fault is null
                    ? sum with { Jobs = sum.Jobs + 1 }
                    : new(sum.JobType, sum.Jobs + 1, sum.Unreadable + 1, sum.Reason ?? fault, sum.Examples.Count < 5 ? [.. sum.Examples, job.Id] : sum.Examples);
            }

            cursor = page.Next;
        }
        while (cursor is not null);
        return new([.. seen.Values]);
    }

    /// <summary>
    /// Answers the program's arguments when they are <c>drover-kinds</c> (prints the job types, one a line) or <c>drover-check</c>
    /// (<see cref="CheckDroverJobsAsync"/>, in words). Called between <c>Build</c> and <c>Run</c>:
    /// <c>if (await app.RunDroverVerbAsync(args) is { } code) return code;</c>
    /// </summary>
    /// <returns>The exit code: 0, or 1 when there are jobs that this build cannot run; null when the arguments are none of these.</returns>
    public static async ValueTask<int?> RunDroverVerbAsync(this IHost host, string[] args, TextWriter? output = null)
    {
        output ??= Console.Out;
        switch (args.FirstOrDefault())
        {
            case "drover-kinds":
                foreach (string type in host.Services.GetDroverJobTypes())
                    await output.WriteLineAsync(type);
                return 0;
            case "drover-check":
                var report = await host.Services.CheckDroverJobsAsync();
                foreach (var type in report.Types)
                {
                    await output.WriteLineAsync(type.Unreadable == 0
                        ? $"ok    {type.JobType}: {type.Jobs}"
                        : $"wrong {type.JobType}: {type.Unreadable} of {type.Jobs} cannot be run by this build: {type.Reason} ({string.Join(", ", type.Examples)})");
                }

                await output.WriteLineAsync(report.IsOk ? "This build can run all jobs that have not ended." : "This build cannot run all jobs that have not ended.");
                return report.IsOk ? 0 : 1;
            default:
                return null;
        }
    }
}
