"""The words of a meter sample: 1.6 section 7.31 to 7.35 and 7.43 to 7.45, 2.0.1 SampledValueType."""

from translators.words.table import same, table

CONTEXT = same(
    "Interruption.Begin Interruption.End Other Sample.Clock Sample.Periodic Transaction.Begin Transaction.End Trigger"
)
PHASE = same("L1 L2 L3 N L1-N L2-N L3-N L1-L2 L2-L3 L3-L1")
LOCATION = same("Body Cable EV Inlet Outlet")

MEASURAND = table("""
    Current.Export                  <->  Current.Export
    Current.Import                  <->  Current.Import
    Current.Offered                 <->  Current.Offered
    Energy.Active.Export.Interval   <->  Energy.Active.Export.Interval
    Energy.Active.Export.Register   <->  Energy.Active.Export.Register
    Energy.Active.Import.Interval   <->  Energy.Active.Import.Interval
    Energy.Active.Import.Register   <->  Energy.Active.Import.Register
    Energy.Reactive.Export.Interval <->  Energy.Reactive.Export.Interval
    Energy.Reactive.Export.Register <->  Energy.Reactive.Export.Register
    Energy.Reactive.Import.Interval <->  Energy.Reactive.Import.Interval
    Energy.Reactive.Import.Register <->  Energy.Reactive.Import.Register
    Frequency                       <->  Frequency
    Power.Active.Export             <->  Power.Active.Export
    Power.Active.Import             <->  Power.Active.Import
    Power.Factor                    <->  Power.Factor
    Power.Offered                   <->  Power.Offered
    Power.Reactive.Export           <->  Power.Reactive.Export
    Power.Reactive.Import           <->  Power.Reactive.Import
    SoC                             <->  SoC
    Voltage                         <->  Voltage
    RPM                              ->  -
    Temperature                      ->  -
    -                               <-   Energy.Active.Net
    -                               <-   Energy.Apparent.Export
    -                               <-   Energy.Apparent.Import
    -                               <-   Energy.Apparent.Net
    -                               <-   Energy.Reactive.Net
""")
"""A net or apparent energy is never sent as Energy.Active.*: it would be billed."""

REGISTER = "Energy.Active.Import.Register"
"""What a sample without a measurand is, in both versions."""

UNIT = table("""
    Wh          <->  Wh
    kWh         <->  kWh
    varh        <->  varh
    kvarh       <->  kvarh
    W           <->  W
    kW          <->  kW
    VA          <->  VA
    kVA         <->  kVA
    var         <->  var
    kvar        <->  kvar
    A           <->  A
    V           <->  V
    K           <->  K
    Celsius     <->  Celsius
    Celcius      ->  Celsius
    Fahrenheit  <->  Fahrenheit
    Percent     <->  Percent
    Hertz        ->  Hz
    -           <-   Hz
""")
"""Units. The 1.6 schemas know Celsius with its misspelling, and Hertz in MeterValues only: not in StopTransaction."""

IMPLIED_UNIT = {
    "Current.Export": "A",
    "Current.Import": "A",
    "Current.Offered": "A",
    "Frequency": "Hz",
    "Power.Active.Export": "W",
    "Power.Active.Import": "W",
    "Power.Offered": "W",
    "Power.Reactive.Export": "var",
    "Power.Reactive.Import": "var",
    "SoC": "Percent",
    "Voltage": "V",
}
"""What a 1.6 sample without a unit is in. 2.0.1 has a default (Wh) for energy alone, so the others are written out."""
