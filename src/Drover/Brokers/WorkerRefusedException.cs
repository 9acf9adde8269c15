namespace Drover.Brokers;

/// <summary>The broker does not take the worker, and will not before somebody has changed something: its token lacks the role, or it must come over TLS.</summary>
/// <param name="message">Why.</param>
/// <param name="inner">What the broker answered.</param>
public sealed class WorkerRefusedException(string message, Exception? inner = null) : Exception(message, inner);
