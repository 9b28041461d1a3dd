using TorchSharp;
using TorchSharp.Modules;

namespace Llm4Msr.Training;

/// <summary>What Adam keeps of one parameter.</summary>
/// <remarks>Shapes: as the parameter's; R rows of a table.</remarks>
internal sealed class AdamSlot(Parameter parameter, ParameterGroup group) : IDisposable
{
    private readonly Tensor _steps = torch.zeros(1, torch.ScalarType.Int64).DetachFromDisposeScope();
    private Tensor? _lastStepOfRow;

    public Parameter Parameter { get; } = parameter;

    public ParameterGroup Group { get; } = group;

    public Tensor FirstMoment { get; } = Zeros(parameter);

    public Tensor SecondMoment { get; } = Zeros(parameter);

    /// <summary>Steps in which the parameter had a gradient.</summary>
    public long Steps
    {
        get => Adam.Numbers<long>(_steps)[0];
        set => Adam.Numbers<long>(_steps)[0] = value;
    }

    /// <summary>The step in which each row of a table was last changed, 0 for never, [R] int32; made when the first sparse gradient comes.</summary>
    public Tensor LastStepOfRow() =>
        _lastStepOfRow ??= torch.zeros(Parameter.shape[0], torch.ScalarType.Int32).DetachFromDisposeScope();

    /// <summary>Everything that a resumed run needs, under names that begin with <paramref name="name"/>.</summary>
    /// <param name="stored">Whether a name is in the file that is read; null to write what there is.</param>
    public IEnumerable<(string Name, Tensor Tensor)> State(string name, Func<string, bool>? stored)
    {
        yield return ($"{name}.steps", _steps);
        yield return ($"{name}.first", FirstMoment);
        yield return ($"{name}.second", SecondMoment);
        if (stored?.Invoke($"{name}.last") ?? _lastStepOfRow is not null)
            yield return ($"{name}.last", LastStepOfRow());
    }

    public void Dispose()
    {
        _steps.Dispose();
        FirstMoment.Dispose();
        SecondMoment.Dispose();
        _lastStepOfRow?.Dispose();
    }

    private static Tensor Zeros(Tensor like) => torch.zeros(like.shape, like.dtype).DetachFromDisposeScope();
}
