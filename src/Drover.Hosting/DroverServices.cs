using Drover.Brokers;
using Drover.Hosting;
using Drover.Schedules;
using Drover.Workers;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts Drover into a host.</summary>
public static class DroverServices
{
    /// <summary>
    /// Adds <see cref="IJobClient"/>, <see cref="IScheduleClient"/> and, when there are handlers, a worker that starts and stops with the host: it drains when the
    /// host goes down, and what is not done then is run again.
    /// </summary>
    /// <exception cref="InvalidOperationException">It does not say where jobs are kept, or says it twice.</exception>
    /// <exception cref="ArgumentException">A kind, a schedule or an option makes no sense.</exception>
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
        var kinds = new KnownKinds([.. drover.Kinds.Values]);
        services.AddSingleton(kinds);
        services.AddSingleton<IJobClient>(provider => new JobClient(provider.GetRequiredService<IBroker>(), drover.Kinds, DroverBuilder.TimeOf(provider), drover.PostgresSchema));
        AddSchedules(services, drover, kinds);
        if (drover.Kinds.Values.Any(kind => kind.HasHandler))
            AddWorker(services, drover);
        return services;
    }

    /// <summary>What the program declares is there before the first of it fires.</summary>
    private static void AddSchedules(IServiceCollection services, DroverBuilder drover, KnownKinds kinds)
    {
        services.AddSingleton<IScheduleClient>(provider => new ScheduleClient(
            provider.GetRequiredService<ScheduleCatalog>(), provider.GetRequiredService<IBroker>(), kinds, NameOf(provider), DroverBuilder.TimeOf(provider)));
        if (drover.Schedules.Count > 0)
        {
            var declared = DeclaredSchedules.Build(drover.Schedules, kinds, TimeProvider.System);
            services.AddHostedService(provider => new DeclaredSchedules(
                [.. declared.Select(schedule => schedule with { CreatedBy = NameOf(provider) })], provider.GetRequiredService<ScheduleCatalog>(),
                DroverBuilder.TimeOf(provider), DroverBuilder.LogsOf(provider).CreateLogger<DeclaredSchedules>()));
        }

        if (drover.HasQueue)
        {
            services.AddHostedService(provider => new Scheduler(
                provider.GetRequiredService<ScheduleCatalog>(), provider.GetRequiredService<IBroker>(), DroverBuilder.TimeOf(provider), DroverBuilder.LogsOf(provider)));
        }
    }

    private static void AddWorker(IServiceCollection services, DroverBuilder drover)
    {
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
    }

    private static string? NameOf(IServiceProvider provider) => provider.GetService<IHostEnvironment>()?.ApplicationName;
}
