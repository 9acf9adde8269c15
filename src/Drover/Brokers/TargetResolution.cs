using Drover.Jobs;
using Drover.Servers;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers;

/// <summary>Gives leased commands and scripts the server they run on.</summary>
internal sealed class TargetResolution(ITargetResolver? resolver, ILogger log)
{
    private static readonly TimeSpan CatalogPause = TimeSpan.FromSeconds(5);

    /// <summary>The leases with their targets; those that have none are put into <paramref name="failed"/> with how they end.</summary>
    public async ValueTask<IReadOnlyList<Lease>> ResolveAsync(IReadOnlyList<Lease> leases, List<FinishRequest> failed)
    {
        if (resolver is null || leases.All(static l => l.Spec.Shell is null))
            return leases;
        var found = new Dictionary<string, (ExecutionTarget? Target, AttemptOutcome? Outcome)>(StringComparer.Ordinal);
        var resolved = new List<Lease>(leases.Count);
        foreach (var lease in leases)
        {
            if (lease.Spec.Shell is not { } shell)
            {
                resolved.Add(lease);
                continue;
            }

            if (!found.TryGetValue(shell.ServerId, out var answer))
                found.Add(shell.ServerId, answer = await ResolveAsync(resolver, shell));
            if (answer.Target is { } target)
                resolved.Add(lease with { Target = target });
            else
                failed.Add(new(lease.Token, answer.Outcome!));
        }

        return resolved;
    }

    private async ValueTask<(ExecutionTarget? Target, AttemptOutcome? Outcome)> ResolveAsync(ITargetResolver from, ShellWork shell)
    {
        try
        {
            return (await from.ResolveAsync(shell.ServerId, CancellationToken.None), null);
        }
        catch (TargetUnavailableException e)
        {
            return (null, AttemptOutcome.Failure(FailureReasons.ServerUnavailable, e.Message));
        }
        catch (StoreUnavailableException e)
        {
            // The catalog is away, not the server: the job is none the worse for it.
            log.TargetDelayed(shell.ServerName, e.Message);
            return (null, new() { Kind = OutcomeKind.HandedBack, RetryIn = CatalogPause });
        }
        catch (Exception e)
        {
            log.TargetFailed(e, shell.ServerName);
            return (null, AttemptOutcome.Failure(FailureReasons.Internal, $"The server '{shell.ServerName}' could not be looked up: {e.Message}"));
        }
    }
}
