using Drover.Brokers;
using Drover.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts the relay of an outbox into a host.</summary>
public static class OutboxServices
{
    /// <summary>
    /// Adds a service that hands the rows of a context's outbox on to Drover. Any number of programs may run it for the same table: a row is
    /// one's at a time, and one that is handed on twice, because a program was killed, is accepted once.
    /// </summary>
    /// <typeparam name="TContext">The context, registered with <c>AddDbContext</c>; its model has <see cref="OutboxModel.AddDroverOutbox"/>.</typeparam>
    /// <param name="services">The container, which has <c>AddDrover</c>, too.</param>
    /// <param name="options">How; null for the usual.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static IServiceCollection AddDroverOutboxRelay<TContext>(this IServiceCollection services, OutboxOptions? options = null)
        where TContext : DbContext
    {
        options ??= new();
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<OutboxWake>();
        services.AddHostedService(provider => new OutboxRelay<TContext>(
            provider.GetRequiredService<IServiceScopeFactory>(), provider.GetRequiredService<IBroker>(), provider.GetRequiredService<OutboxWake>(), options,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>().CreateLogger("Drover.Outbox")));
        return services;
    }
}
