namespace Drover.Redis;

/// <summary>The Redis server, or how it was named, is not fit to keep jobs.</summary>
/// <param name="message">What is wrong and what to do, for an operator; never a password.</param>
/// <param name="inner">The cause.</param>
public sealed class RedisConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
