using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Run;

/// <summary>
/// Tells on a terminal, while nothing comes, what a job is waiting for; of several jobs how many are done. Elsewhere it says once what
/// a single job waits for when that takes long: a script's log must not end without a word.
/// </summary>
internal sealed class Waiting(Call call, IReadOnlyList<RunTarget> targets, LineOutput output, Func<int> ended)
{
    private const string Frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
    private static readonly TimeSpan Unnoticed = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Goes on until it is canceled; never fails.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        if (call.Screen.Json)
            return;
        try
        {
            if (Console.IsErrorRedirected)
            {
                await TellOnceAsync(cancel);
                return;
            }

            await Task.Delay(Unnoticed, TimeProvider.System, cancel);
            string? text = null;
            for (int i = 0; ; i++)
            {
                if (targets.Count > 1)
                    text = $"{ended()} of {targets.Count} done";
                else if (i % 10 == 0)
                    text = await DescribeAsync(cancel);
                output.Pass(text is null ? null : $"{Frames[i % Frames.Length]} {text}");
                await Task.Delay(Tick, TimeProvider.System, cancel);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or ApiException or UnreachableException)
        {
            output.Pass(null);
        }
    }

    private async Task TellOnceAsync(CancellationToken cancel)
    {
        await Task.Delay(Long, TimeProvider.System, cancel);
        if (targets.Count == 1 && await DescribeAsync(cancel) is { } text)
            call.Screen.Note($"Still waiting; {text}.");
    }

    private async Task<string?> DescribeAsync(CancellationToken cancel)
    {
        var job = await call.Client.GetAsync<JobResponse>($"jobs/{targets[0].Id}", cancel);
        return job.Status switch
        {
            JobStatus.Queued => "queued: " + await ReasonAsync(job, cancel),
            JobStatus.Scheduled => $"scheduled: due {Words.Ago(job.RunAt, Call.Now)}",
            JobStatus.Retrying => $"attempt {job.Attempt} of {job.MaxAttempts} failed; the next {Words.Ago(job.RunAt, Call.Now)}",
            JobStatus.Running when job.CancelRequestedAt is not null => "canceling",
            _ => null,
        };
    }

    private async Task<string> ReasonAsync(JobResponse job, CancellationToken cancel)
    {
        var queue = await call.Client.GetAsync<QueueResponse>("queues/" + Uri.EscapeDataString(job.Queue), cancel);
        if (queue.Paused)
            return $"the queue {job.Queue} is paused (drover queue resume {job.Queue})";
        var workers = (await call.Client.GetAsync<WorkerListResponse>("workers", cancel)).Items
            .Where(worker => !worker.Draining && worker.Queues.Any(name => name == "*" || name == job.Queue)).ToList();
        if (workers.Count == 0)
            return $"no worker serves the queue {job.Queue}";
        if (!workers.Exists(worker => job.WorkerLabels.All(label => worker.Labels.Contains(label))))
            return $"no worker has the label {string.Join(", ", job.WorkerLabels)}";
        return workers.TrueForAll(worker => worker.Busy >= worker.Slots)
            ? $"all slots are busy; {Words.Count(queue.QueueDepth, "job")} ready in {job.Queue}"
            : $"waiting for its turn on {job.ServerName}";
    }
}
