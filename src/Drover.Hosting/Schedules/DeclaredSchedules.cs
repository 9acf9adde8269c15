using Drover.Brokers;
using Drover.NetQueue;
using Drover.Schedules;
using Drover.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Hosting;

/// <summary>A schedule as the program has named it.</summary>
internal sealed record ScheduleDeclaration(string Name, Func<KnownKinds, Schedule> Make);

/// <summary>
/// Sees to it that the schedules which a program names are there when it has started. A store or queue server that is away does not hold the
/// start up: they are then declared as soon as it is back. What cannot be declared at all stops the program.
/// </summary>
internal sealed class DeclaredSchedules(IReadOnlyList<Schedule> declared, ScheduleCatalog schedules, TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private bool _done;

    /// <summary>Makes the schedules of what was named, all of it checked.</summary>
    /// <exception cref="ArgumentException">Something is wrong; the message tells all that is.</exception>
    public static IReadOnlyList<Schedule> Build(IReadOnlyList<ScheduleDeclaration> named, KnownKinds kinds, TimeProvider time)
    {
        var made = new List<Schedule>();
        var wrong = new List<string>();
        foreach (var (name, make) in named)
        {
            try
            {
                var schedule = make(kinds);
                ScheduleRules.Validate(schedule, time);
                if (made.Any(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                    wrong.Add($"'{name}': Is there twice.");
                made.Add(schedule);
            }
            catch (Exception e) when (e is JobValidationException or InvalidOperationException)
            {
                wrong.Add($"'{name}': {e.Message}");
            }
        }

        return wrong.Count == 0 ? made : throw new ArgumentException("A schedule cannot be: " + string.Join(" ", wrong));
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryDeclareAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_done && !stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pause, time, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await TryDeclareAsync(stoppingToken);
        }
    }

    private async Task TryDeclareAsync(CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            foreach (var schedule in declared)
                await schedules.DeclareAsync(schedule, either.Token);
            _done = true;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException or OperationCanceledException)
        {
            log.SchedulesWait(declared.Count, e is OperationCanceledException ? "no answer" : e.Message);
        }
        catch (NetQueueException e)
        {
            throw new InvalidOperationException(
                $"The queue server does not take this program's schedules: {e.Message}{(e.Denied ? " Give UseNetQueue an admin's token." : "")}", e);
        }
    }
}
