using Drover.Brokers;
using Drover.Hosting;
using Drover.Workers;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts Drover into a host.</summary>
public static class DroverServices
{
    /// <summary>
    /// Adds <see cref="IJobClient"/> and, when there are handlers, a worker that starts and stops with the host: it drains when the
    /// host goes down, and what is not done then is run again.
    /// </summary>
    /// <exception cref="InvalidOperationException">It does not say where jobs are kept, or says it twice.</exception>
    /// <exception cref="ArgumentException">A kind or an option makes no sense.</exception>
    public static IServiceCollection AddDrover(this IServiceCollection services, Action<DroverBuilder> configure)
    {
        var drover = new DroverBuilder(services);
        configure(drover);
        if (!drover.HasStore)
            throw new InvalidOperationException("Say where jobs are kept: UseSqlite(\"data\") for this program alone, UsePostgres(url) for several, UseNetQueue(address, token) for a cluster.");
        drover.Worker.Validate();
        drover.Broker.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, JobLog>());
        services.AddSingleton(new KnownKinds([.. drover.Kinds.Values]));
        services.AddSingleton<IJobClient>(provider => new JobClient(provider.GetRequiredService<IBroker>(), drover.Kinds, DroverBuilder.TimeOf(provider), drover.PostgresSchema));
        if (!drover.Kinds.Values.Any(kind => kind.HasHandler))
            return services;

        services.AddSingleton(provider =>
        {
            var handlers = new TaskHandlers();
            var runner = new HandlerRunner(provider.GetRequiredService<IServiceScopeFactory>(), [.. drover.Middleware]);
            foreach (var kind in drover.Kinds.Values)
                kind.AddHandlers(handlers, runner);
            return new TaskExecutor(handlers, DroverBuilder.TimeOf(provider));
        });
        services.AddSingleton(provider => new Worker(
            provider.GetRequiredService<IBroker>(), [provider.GetRequiredService<TaskExecutor>()], drover.Worker,
            DroverBuilder.TimeOf(provider), DroverBuilder.LogsOf(provider)));
        services.AddHostedService(provider => provider.GetRequiredService<Worker>());
        return services;
    }
}
