namespace Drover.Brokers;

/// <summary>
/// The session has ended because another instance with the same worker id connected. A worker that sees it must not
/// connect again, or the two would take each other's jobs for ever.
/// </summary>
/// <param name="workerId">The id that both claim.</param>
public sealed class WorkerReplacedException(string workerId)
    : Exception($"Another worker has connected under the id '{workerId}'. Give each worker on a host an id of its own.");
